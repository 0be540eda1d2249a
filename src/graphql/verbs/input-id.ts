import { builtInRole } from '../../access/role.ts'
import { parseGlobalId, type NodeType } from '../global-id.ts'

/**
 * The key that the id a client gave stands for. What is no id of `type` stands for a key that no row has, so that the
 * command answers it as it answers any thing that is not there, at its place. `place` keeps such keys of one list apart.
 */
export function inputId(type: NodeType, text: string, place = 0): string {
  return parseGlobalId(text, type)?.id ?? `00000000-0000-0000-0000-${place.toString(16).padStart(12, '0')}`
}

/** The same for a list of ids. */
export function inputIds(type: NodeType, texts: readonly string[]): string[] {
  return texts.map((text, place) => inputId(type, text, place))
}

/** The same for a role, which may also be named where it is a built-in one. */
export function inputRole(text: string): string {
  return builtInRole(text) ?? inputId('Role', text)
}
