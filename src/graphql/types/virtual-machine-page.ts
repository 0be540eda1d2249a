import { builder } from '../builder.ts'
import { JitStatus, OperatingSystem, UnsupportedReason } from '../enums.ts'
import { readIds } from '../ids.ts'
import type { Connection, Filter, FilterValue, Order, Orders } from '../read/description.ts'
import { accessedSince } from './recent-access.ts'
import { MOST_TAGS, searched, TagFilter, tagged } from './virtual-machine-search.ts'

export const VirtualMachineFilter = builder.inputType('VirtualMachineFilter', {
  description: 'Narrows machines: every part that is given must hold.',
  fields: (t) => ({
    search: t.string({
      description:
        'Part of the name, of the resource group or of an address, in any case. One letter or two: the beginning of the ' +
        'name only.',
    }),
    jitStatus: t.field({ type: [JitStatus], description: 'Of any of these statuses.' }),
    os: t.field({ type: [OperatingSystem], description: 'With any of these operating systems.' }),
    accounts: t.idList({ description: 'In any of these accounts.' }),
    resourceGroup: t.string({ description: 'In resource groups of this name, in any case.' }),
    tags: t.field({ type: [TagFilter], description: `With all of these tags: 1 to ${String(MOST_TAGS)}.` }),
    unsupportedReasons: t.field({ type: [UnsupportedReason], description: 'That cannot be guarded for any of these.' }),
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

/** That a row lies in the accounts that are given; no condition when none are. */
export function inAccounts(row: string, given: FilterValue): string[] {
  const accounts = given.bind('accounts', 'text[]', readIds('Account'))
  return accounts === undefined ? [] : [`${row}.account_id = any(${accounts})`]
}

export const virtualMachineFilter: Filter = {
  input: VirtualMachineFilter,
  gathers: (given) => given.has('search') || given.has('tags') || given.shape('exposed') === true,
  where(row, given, parameters) {
    const search = searched(row, given)
    const tags = tagged(row, given)
    const reasons = given.among('unsupportedReasons', `${row}.unsupported_reason`)
    const statuses = given.among('jitStatus', `${row}.jit_status`)
    const systems = given.bind('os', 'operating_system[]')
    const group = given.bind('resourceGroup', 'text')
    const since = given.bind('accessedSince', 'timestamptz')
    const notSince = given.bind('notAccessedSince', 'timestamptz')
    const exposed = given.shape('exposed')
    return [
      ...(search === undefined ? [] : [search]),
      ...(tags === undefined ? [] : [tags]),
      ...(reasons === undefined ? [] : [reasons, `${row}.jit_status = 'UNSUPPORTED'`]),
      ...(statuses === undefined ? [] : [statuses]),
      ...(systems === undefined ? [] : [`${row}.os = any(${systems})`]),
      ...inAccounts(row, given),
      ...(group === undefined ? [] : [`lower(${row}.resource_group) = lower(${group})`]),
      ...(exposed === undefined
        ? []
        : [`${exposed === true ? '' : 'not '}exists (select from reported_exposures e where e.vm_id = ${row}.id)`]),
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
  return { kind: 'connection', of: 'VirtualMachine', description, on, orders, filter: virtualMachineFilter }
}
