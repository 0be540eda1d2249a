import { builtInRole } from '../access/role.ts'
import { parseScope } from '../access/scope.ts'
import { badInput } from './bad-input.ts'
import { parseGlobalId, type NodeType } from './global-id.ts'

/** Most ids one argument takes. */
export const MOST_IDS = 100

/** Reads global ids of one type; refuses the argument when one of them is none. */
export function readIds(type: NodeType): (texts: readonly string[]) => string[] {
  return (texts) => {
    if (texts.length > MOST_IDS) throw badInput(`At most ${String(MOST_IDS)} ids can be given.`)
    return texts.map((text) => readId(text, type))
  }
}

/** Reads one global id of a type, or refuses it. */
export function readId(text: string, type: NodeType): string {
  const parsed = parseGlobalId(text, type)
  if (parsed === null) throw badInput(`${JSON.stringify(text.slice(0, 80))} is not the id of a ${type}.`)
  return parsed.id
}

/** Reads ids of roles, or names of built-in ones; refuses the argument when one is neither. */
export function readRoleIds(texts: readonly string[]): string[] {
  if (texts.length > MOST_IDS) throw badInput(`At most ${String(MOST_IDS)} ids can be given.`)
  return texts.map((text) => builtInRole(text) ?? readId(text, 'Role'))
}

/** Reads a scope, or refuses it. */
export function readScope(text: string): string {
  const scope = parseScope(text)
  if (scope === null) throw badInput(`${JSON.stringify(text.slice(0, 80))} is not a scope.`)
  return scope
}
