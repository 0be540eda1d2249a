import { builder } from '../builder.ts'
import { GrantState } from '../enums.ts'
import { readIds } from '../ids.ts'
import type { Connection, Orders } from '../read/description.ts'
import { viewerId } from '../read/parameters.ts'

const GrantFilter = builder.inputType('GrantFilter', {
  description: 'Narrows grants: every part that is given must hold.',
  fields: (t) => ({
    states: t.field({ type: [GrantState], description: 'In any of these states.' }),
    requesterIds: t.stringList({ description: 'Asked for by any of these actors, by `Actor.id`.' }),
    virtualMachines: t.idList({ description: 'Of any of these machines.' }),
    mine: t.boolean({ description: 'Only those the viewer asked for.' }),
  }),
})

/** Ids of grants and requests are made in the order of time. */
const newestFirst: Orders = [
  {
    name: 'NEWEST_FIRST',
    description: 'By the time of asking, the newest first.',
    direction: 'desc',
    keys: [{ type: 'uuid', sql: (row) => `${row}.id` }],
  },
]

/** A connection of grants; `on` says which ones belong to the row it is a field of. */
export function grantPage(description: string, on: Connection['on']): Connection {
  return {
    kind: 'connection',
    of: 'Grant',
    description,
    on,
    orders: newestFirst,
    filter: {
      input: GrantFilter,
      where(row, filter, parameters) {
        const states = filter.among('states', `${row}.state`)
        const requesters = filter.bind('requesterIds', 'text[]')
        const vms = filter.bind('virtualMachines', 'text[]', readIds('VirtualMachine'))
        return [
          ...(states === undefined ? [] : [states]),
          ...(requesters === undefined ? [] : [`${row}.requester_id = any(${requesters})`]),
          ...(vms === undefined ? [] : [`${row}.vm_id = any(${vms})`]),
          ...(filter.shape('mine') === true ? [`${row}.requester_id = ${viewerId(parameters)}`] : []),
        ]
      },
    },
  }
}
