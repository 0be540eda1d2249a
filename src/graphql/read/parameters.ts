import type { Action } from '../../access/role.ts'
import { reachOf, type Reach, type Viewer } from '../../access/viewer.ts'
import { badInput } from '../bad-input.ts'
import type { Form } from './form.ts'
import type { Selected } from './selection.ts'

/** One execution of a statement: where its parameters take their values from. */
export interface Run {
  readonly viewer: Viewer
  /** Every selected field in the order of the walk, which is the same for all selections of one shape. */
  readonly selected: readonly Selected[]
  /** What the root was given beside arguments, such as the id of the one row it reads. */
  readonly given: unknown
}

/** Takes the value of one parameter from a run; may refuse it with a `BAD_USER_INPUT`. */
export type Source = (run: Run) => unknown

/** Collects the parameters of a statement while its text is made. */
export interface Parameters {
  readonly form: Form
  /** Whose levels of reach the text is made for: those of everybody it is run for. */
  readonly viewer: Viewer
  readonly sources: readonly Source[]
  /** The text of a new parameter: `$3::uuid`. */
  bind(source: Source, type: string): string
  /** The same, made once for every use of `name`. */
  shared(name: string, source: Source, type: string): string
  /** A table alias that no other has. */
  alias(): string
}

export function createParameters(form: Form, viewer: Viewer): Parameters {
  const sources: Source[] = []
  const known = new Map<string, string>()
  let aliases = 0
  const bind = (source: Source, type: string) => `$${String(sources.push(source))}::${type}`
  return {
    form,
    viewer,
    sources,
    bind,
    shared(name, source, type) {
      const text = known.get(name) ?? bind(source, type)
      known.set(name, text)
      return text
    },
    alias: () => `t${String(++aliases)}`,
  }
}

/** The columns of a row that say where it lies; a level that is absent cannot be reached by a role of that level. */
export interface Place {
  readonly account?: string
  readonly resourceGroup?: string
  readonly vm?: string
}

const levels = [
  ['account', 'accountIds'],
  ['resourceGroup', 'resourceGroupIds'],
  ['vm', 'vmIds'],
] as const satisfies readonly (readonly [keyof Place, keyof Reach])[]

/**
 * The predicate that a row lies where the viewer may do `action`. The text is the same for whoever reaches anything at
 * the same levels, and speaks of no other level: an index serves it.
 */
export function within(parameters: Parameters, action: Action, place: Place): string {
  const reach = reachOf(parameters.viewer, action)
  if (reach.everywhere) return 'true'
  const reached = levels.flatMap(([level, of]) => {
    if (place[level] === undefined || reach[of].length === 0) return []
    const ids = parameters.shared(`${action} ${of}`, ({ viewer }) => arrayText(reachOf(viewer, action)[of]), 'text[]')
    return [`${place[level]} = any(${ids})`]
  })
  if (reached.length === 0) return 'false'
  return reached.length === 1 ? String(reached[0]) : `(${reached.join(' or ')})`
}

/** A list as Postgres writes an array, made once for as long as the same roles are held. */
function arrayText(ids: readonly string[]): string {
  const known = arrayTexts.get(ids)
  if (known !== undefined) return known
  const text = `{${ids.map((id) => `"${id.replaceAll(/[\\"]/g, '\\$&')}"`).join(',')}}`
  arrayTexts.set(ids, text)
  return text
}

const arrayTexts = new WeakMap<readonly string[], string>()

/** The id of the viewer's actor, as a parameter. */
export function viewerId(parameters: Parameters): string {
  return parameters.shared('viewer', ({ viewer }) => viewer.actor.id, 'text')
}

/** The groups that the viewer's token says it is in, as a parameter. */
export function viewerGroups(parameters: Parameters): string {
  return parameters.shared('groups', ({ viewer }) => viewer.groups, 'text[]')
}

/** The app roles that the viewer's token says it has, as a parameter. */
export function viewerAppRoles(parameters: Parameters): string {
  return parameters.shared('app roles', ({ viewer }) => viewer.appRoles, 'text[]')
}

/** Where a row lies that names its machine: the columns most tables have. */
export function placeOf(row: string): Place {
  return { account: `${row}.account_id`, resourceGroup: `${row}.resource_group_id`, vm: `${row}.vm_id` }
}

/** The arguments that a selected field was given. */
export function argumentsAt(selected: readonly Selected[], index: number): Selected['arguments'] {
  const node = selected[index]
  if (node === undefined) throw badInput('The selection has no such field.')
  return node.arguments
}
