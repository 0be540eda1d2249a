import { actions } from '../../access/role.ts'
import { accountOf, accountScope, resourceGroupOf } from '../../access/scope.ts'
import { reachOf, reachWithin, type Reach, type Viewer } from '../../access/viewer.ts'
import { badInput } from '../bad-input.ts'
import { MOST_IDS, readIds, readScope } from '../ids.ts'
import type { FilterValue, Source } from '../read/description.ts'
import { viewerId, type Parameters } from '../read/parameters.ts'

/** The parts of a filter that are lists: each is about a column, and an index begins with that. */
const lists = [
  { name: 'grants', column: 'grant_id', type: 'uuid[]', read: readIds('Grant') },
  { name: 'virtualMachines', column: 'vm_id', type: 'text[]', read: readIds('VirtualMachine') },
  { name: 'requesterIds', column: 'requester_id', type: 'text[]', read: few },
  { name: 'actorIds', column: 'actor_id', type: 'text[]', read: few },
  { name: 'kinds', column: 'kind', type: 'fact_kind[]', read: few },
] as const

/** Which facts a filter lets through. */
export function activityFilterWhere(row: string, filter: FilterValue): string[] {
  const listed = lists.flatMap(({ name, column, type, read }) => {
    const values = filter.bind(name, type, read)
    return values === undefined ? [] : [`${row}.${column} = any(${values})`]
  })
  return [...listed, ...inScope(row, filter), ...inTime(row, filter)]
}

function inScope(row: string, filter: FilterValue): string[] {
  if (filter.shape('scope') === undefined) return []
  const level = (of: (scope: string) => unknown, type: string) =>
    String(filter.bind('scope', type, (text: string) => of(readScope(text))))
  const everything = level((scope) => scope === '/', 'boolean')
  const account = level((scope) => accountIn(scope), 'text')
  const group = level((scope) => (resourceGroupOf(scope) === scope ? scope : null), 'text')
  const vm = level((scope) => scope, 'text')
  return [
    `(${everything} or ${row}.account_id = ${account} or ${row}.resource_group_id = ${group} or ${row}.vm_id = ${vm})`,
  ]
}

function accountIn(scope: string): string | null {
  const account = accountOf(scope)
  return account !== null && accountScope(account) === scope ? account : null
}

/** That a fact was recorded between two moments. No index of the moments is to be taken: its rows would be sorted. */
function inTime(row: string, filter: FilterValue): string[] {
  const [from, to] = [filter.bind('from', 'timestamptz'), filter.bind('to', 'timestamptz')]
  const at = `(${row}.at + interval '0')`
  return [...(from === undefined ? [] : [`${at} >= ${from}`]), ...(to === undefined ? [] : [`${at} < ${to}`])]
}

/**
 * Bounds of the log's order between two moments, with some rows to spare. It is ordered by transaction, and a fact is
 * written within half an hour of the beginning of its own: what is recorded after a moment has a later transaction than
 * anything that was recorded an hour before it.
 */
export function activityTimeBounds(row: string, filter: FilterValue): string[] {
  const from = filter.bounded.below ? undefined : filter.bind('from', 'timestamptz')
  const to = filter.bounded.above ? undefined : filter.bind('to', 'timestamptz')
  const placed = (where: string, order: string, otherwise: string) =>
    `coalesce((select b.transaction from activities b where ${where} order by b.at ${order} limit 1), '${otherwise}')`
  const first = placed(`b.at < ${String(from)} - interval '1 hour'`, 'desc', '0')
  const last = placed(`b.at >= ${String(to)} + interval '1 hour'`, 'asc', '18446744073709551615')
  return [
    ...(from === undefined ? [] : [`${row}.transaction >= ${first}`]),
    ...(to === undefined ? [] : [`${row}.transaction <= ${last}`]),
  ]
}

/**
 * What a page of the log is read by: what is few of it is asked for first, then what the viewer may see of the scope,
 * then what may be many. Null: the order of the log.
 */
export function activitySources(filter: FilterValue, parameters: Parameters): readonly Source[] | null {
  const given = lists.filter(({ name }) => filter.shape(name) !== undefined)
  const narrow = given.find(({ name }) => name !== 'actorIds' && name !== 'kinds')
  const many = given[0]
  const ofList = ({ name, column, type, read }: (typeof lists)[number]): Source[] => [
    { column, values: String(filter.bind(name, type, read)) },
  ]
  if (narrow !== undefined) return ofList(narrow)
  return places(filter, parameters) ?? (many === undefined ? null : ofList(many))
}

/** What the viewer may see, and of that what lies in the scope, place by place; null when that is everything. */
function places(filter: FilterValue, parameters: Parameters): readonly Source[] | null {
  const { everywhere } = reachOf(parameters.viewer, actions.readActivity)
  const scoped = filter.shape('scope') !== undefined
  if (everywhere && !scoped) return null
  const reached = (of: keyof Reach, type: string) => {
    const take = (viewer: Viewer, scope: string) => reachWithin(viewer, actions.readActivity, scope)[of]
    return scoped
      ? String(filter.bind('scope', type, (text: string, viewer) => take(viewer, readScope(text))))
      : parameters.bind(({ viewer }) => take(viewer, '/'), type)
  }
  return [
    { column: 'account_id', values: reached('accountIds', 'text[]') },
    { column: 'resource_group_id', values: reached('resourceGroupIds', 'text[]') },
    { column: 'vm_id', values: reached('vmIds', 'text[]') },
    everywhere
      ? { when: reached('everywhere', 'boolean') }
      : { column: 'requester_id', values: `array[${viewerId(parameters)}]` },
  ]
}

/** A list that is short enough. */
function few(texts: readonly string[]): readonly string[] {
  if (texts.length > MOST_IDS) throw badInput(`At most ${String(MOST_IDS)} can be given.`)
  return texts
}
