import { parseCursor } from '../../activity/cursor.ts'
import { accountOf, resourceGroupOf } from '../../access/scope.ts'
import { builder } from '../builder.ts'
import { ActivityKind } from '../activity-kind.ts'
import { readIds, readScope } from '../ids.ts'
import type { Connection, Order, Orders } from '../read/description.ts'
import { activityCursorSql } from './activity-cursor.ts'

const ActivityFilter = builder.inputType('ActivityFilter', {
  description: 'Narrows activity: every part that is given must hold.',
  fields: (t) => ({
    kinds: t.field({ type: [ActivityKind], description: 'Of any of these kinds.' }),
    virtualMachines: t.idList({ description: 'About any of these machines.' }),
    grants: t.idList({ description: 'About any of these grants.' }),
    requesterIds: t.stringList({ description: 'About grants and requests of any of these actors, by `Actor.id`.' }),
    scope: t.string({
      description:
        'At or below this scope: `/`, `/subscriptions/{id}` or `/aws/{account}`, a resource group or a VPC of it, or the ' +
        'resource id of a machine.',
    }),
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
const orders: Orders = [
  { name: 'NEWEST_FIRST', description: 'The latest fact first.', direction: 'desc', keys, cursor },
  { name: 'OLDEST_FIRST', description: 'In the order in which facts were committed.', direction: 'asc', keys, cursor },
]

/** A connection of facts; `on` says which ones belong to the row it is a field of. */
export function activityPage(description: string, on: Connection['on']): Connection {
  return {
    kind: 'connection',
    of: 'Activity',
    description: `${description} Cursors are those of the subscription: either can go on from the other's.`,
    on,
    orders,
    filter: {
      input: ActivityFilter,
      where(row, filter) {
        const kinds = filter.bind('kinds', 'fact_kind[]')
        const vms = filter.bind('virtualMachines', 'text[]', readIds('VirtualMachine'))
        const grants = filter.bind('grants', 'uuid[]', readIds('Grant'))
        const requesters = filter.bind('requesterIds', 'text[]')
        const inScope = (level: (scope: string) => unknown, type: string) =>
          filter.bind('scope', type, (text: string) => level(readScope(text)))
        const everything = inScope((scope) => scope === '/', 'boolean')
        const account = inScope((scope) => (scope.split('/').length === 3 ? accountOf(scope) : null), 'text')
        const group = inScope((scope) => (resourceGroupOf(scope) === scope ? scope : null), 'text')
        const vm = inScope((scope) => scope, 'text')
        return [
          ...(kinds === undefined ? [] : [`${row}.kind = any(${kinds})`]),
          ...(vms === undefined ? [] : [`${row}.vm_id = any(${vms})`]),
          ...(grants === undefined ? [] : [`${row}.grant_id = any(${grants})`]),
          ...(requesters === undefined ? [] : [`${row}.requester_id = any(${requesters})`]),
          ...(everything === undefined
            ? []
            : [
                `(${everything} or ${row}.account_id = ${String(account)} or ${row}.resource_group_id = ${String(group)}
                  or ${row}.vm_id = ${String(vm)})`,
              ]),
        ]
      },
    },
  }
}
