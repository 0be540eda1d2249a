import { parseCursor } from '../../activity/cursor.ts'
import { builder } from '../builder.ts'
import type { Connection, Order, Orders } from '../read/description.ts'
import { activityCursorSql } from './activity-cursor.ts'
import { activityFilterWhere, activitySources, activityTimeBounds } from './activity-filter-sql.ts'
import { ActivityKind } from '../activity-kind.ts'

export const ActivityFilter = builder.inputType('ActivityFilter', {
  description: 'Narrows activity: every part that is given must hold. Lists take up to 100.',
  fields: (t) => ({
    kinds: t.field({ type: [ActivityKind], description: 'Of any of these kinds.' }),
    virtualMachines: t.idList({ description: 'About any of these machines.' }),
    grants: t.idList({ description: 'About any of these grants.' }),
    requesterIds: t.stringList({ description: 'About grants and requests of any of these actors, by `Actor.id`.' }),
    actorIds: t.stringList({ description: 'Done by any of these actors, by `Actor.id`.' }),
    scope: t.string({
      description:
        'At or below this scope: `/`, `/subscriptions/{id}` or `/aws/{account}`, a resource group or a VPC of it, or the ' +
        'resource id of a machine.',
    }),
    from: t.field({ type: 'DateTime', description: 'Recorded at this moment or later.' }),
    to: t.field({ type: 'DateTime', description: 'Recorded before this moment.' }),
  }),
})

const keys: Order['keys'] = [
  { type: 'xid8', sql: (row) => `${row}.transaction` },
  { type: 'bigint', sql: (row) => `${row}.position` },
]
const cursor: Order['cursor'] = {
  sql: ([transaction = '', position = '']) => activityCursorSql(transaction, position),
  parse(text) {
    const read = parseCursor(text)
    return read === null ? null : [read.transaction, read.position]
  },
}
export const oldestFirst: Order = {
  name: 'OLDEST_FIRST',
  description: 'In the order in which facts were committed.',
  direction: 'asc',
  keys,
  cursor,
}
const orders: Orders = [
  { name: 'NEWEST_FIRST', description: 'The latest fact first.', direction: 'desc', keys, cursor },
  oldestFirst,
]

/** A connection of facts; `on` says which ones belong to the row it is a field of, null that all do. */
export function activityPage(description: string, on: Connection['on'] | null): Connection {
  return {
    kind: 'connection',
    of: 'Activity',
    description: `${description} Cursors are those of the subscription: either can go on from the other's.`,
    on: on ?? (() => 'true'),
    orders,
    filter: {
      input: ActivityFilter,
      where: (row, filter) => [...activityFilterWhere(row, filter), ...activityTimeBounds(row, filter)],
    },
    // What belongs to a row is read by that.
    ...(on === null ? { sources: activitySources } : {}),
  }
}
