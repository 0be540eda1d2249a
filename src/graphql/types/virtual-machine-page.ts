import { builder } from '../builder.ts'
import { JitStatus, OperatingSystem } from '../enums.ts'
import { readIds } from '../ids.ts'
import type { Connection, Filter, Order, Orders } from '../read/description.ts'
import { accessedSince } from './recent-access.ts'

export const VirtualMachineFilter = builder.inputType('VirtualMachineFilter', {
  description: 'Narrows machines: every part that is given must hold.',
  fields: (t) => ({
    search: t.string({ description: 'Part of the name, of the resource group or of an address, in any case.' }),
    jitStatus: t.field({ type: [JitStatus], description: 'Of any of these statuses.' }),
    os: t.field({ type: [OperatingSystem], description: 'With any of these operating systems.' }),
    accounts: t.idList({ description: 'In any of these accounts.' }),
    resourceGroup: t.string({ description: 'In resource groups of this name, in any case.' }),
    exposed: t.boolean({ description: 'True: with an exposure; false: with none.' }),
    accessedSince: t.field({
      type: 'DateTime',
      description: 'With a port that was proven open at or after this moment, as far as the viewer may see its grants.',
    }),
    notAccessedSince: t.field({
      type: 'DateTime',
      description: 'With none that was, as far as the viewer may see: not used since then, or never.',
    }),
    includeGone: t.boolean({ description: 'Also those that the last sync no longer found.' }),
  }),
})

const containing = (text: string) => `%${text.replace(/[\\%_]/g, '\\$&')}%`

const filter: Filter = {
  input: VirtualMachineFilter,
  where(row, given, parameters) {
    const search = given.bind('search', 'text', containing)
    const statuses = given.among('jitStatus', `${row}.jit_status`)
    const systems = given.bind('os', 'operating_system[]')
    const accounts = given.bind('accounts', 'text[]', readIds('Account'))
    const group = given.bind('resourceGroup', 'text')
    const since = given.bind('accessedSince', 'timestamptz')
    const notSince = given.bind('notAccessedSince', 'timestamptz')
    const exposed = given.shape('exposed')
    return [
      ...(search === undefined
        ? []
        : [
            `(${row}.name ilike ${search} or ${row}.resource_group ilike ${search} or exists (
              select 1 from virtual_machine_interfaces i, unnest(i.addresses || i.public_addresses) a
              where i.vm_id = ${row}.id and a ilike ${search}))`,
          ]),
      ...(statuses === undefined ? [] : [statuses]),
      ...(systems === undefined ? [] : [`${row}.os = any(${systems})`]),
      ...(accounts === undefined ? [] : [`${row}.account_id = any(${accounts})`]),
      ...(group === undefined ? [] : [`lower(${row}.resource_group) = lower(${group})`]),
      ...(exposed === undefined
        ? []
        : [`${exposed === true ? '' : 'not '}exists (select 1 from exposures e where e.vm_id = ${row}.id)`]),
      ...(since === undefined ? [] : [accessedSince(row, since, parameters)]),
      ...(notSince === undefined ? [] : [`not ${accessedSince(row, notSince, parameters)}`]),
      ...(given.shape('includeGone') === true ? [] : [`${row}.gone_at is null`]),
    ]
  },
}

const byName: Order = {
  name: 'NAME',
  description: 'By name, then by resource id.',
  direction: 'asc',
  keys: [
    { type: 'text', sql: (row) => `${row}.name` },
    { type: 'text', sql: (row) => `${row}.id` },
  ],
}
const orders: Orders = [
  byName,
  { ...byName, name: 'NAME_DESCENDING', description: 'By name, the last first.', direction: 'desc' },
  {
    name: 'RESOURCE_ID',
    description: 'By resource id, so by account and resource group.',
    direction: 'asc',
    keys: [{ type: 'text', sql: (row) => `${row}.id` }],
  },
]

/** A connection of machines; `on` says which ones belong to the row it is a field of. */
export function virtualMachinePage(description: string, on: Connection['on']): Connection {
  return { kind: 'connection', of: 'VirtualMachine', description, on, orders, filter }
}
