import { beforeAll, describe, expect, it } from 'vitest'
import { useDatabase } from '../support/database.ts'
import { ask } from './support/ask.ts'
import { person } from './support/context.ts'
import { boundaryKey, machineId, machineKey, subscription, writeSmallEstate } from './support/small-estate.ts'

const database = useDatabase()
const write = (text: string, ...values: unknown[]) => database.store.pool.query(text, values)
const names = ['subnet', 'interface', 'second', 'both', 'open', 'lost']

beforeAll(async () => {
  await writeSmallEstate(database.store, names)
  for (const [name, kind, isGone] of [
    ['gone', 'NETWORK_SECURITY_GROUP', true],
    ['wall', 'AZURE_FIREWALL', false],
  ])
    await write(
      `insert into boundaries (id, kind, account_id, resource_group_id, resource_group, name, location, observed_at,
         generation, gone_at)
       select $2, $3, account_id, resource_group_id, resource_group, $4, location, observed_at, 1,
         case when $5 then gateway_now() end
       from boundaries where id = $1`,
      boundaryKey('front'),
      boundaryKey(String(name)),
      kind,
      name,
      isGone,
    )
  for (const [name, subnet, own] of [
    ['interface', null, 'front'],
    ['second', null, null],
    ['both', 'front', 'wall'],
    ['open', null, null],
    ['lost', 'gone', null],
  ] as const)
    await write(
      'update virtual_machine_interfaces set subnet_boundary_id = $2, own_boundary_id = $3 where vm_id = $1',
      machineKey(name),
      subnet === null ? null : boundaryKey(subnet),
      own === null ? null : boundaryKey(own),
    )
  await write(
    `insert into virtual_machine_interfaces (id, vm_id, account_id, "primary", own_boundary_id, generation)
     values ($1, $2, $3, false, $4, 1)`,
    `${machineKey('second')}/nic-2`,
    machineKey('second'),
    subscription,
    boundaryKey('front'),
  )
})

describe('what can close the ports of a machine', () => {
  it.each([
    ['subnet', 'NETWORK_SECURITY_GROUP', 'a group stands before its subnet'],
    ['interface', 'NETWORK_SECURITY_GROUP', 'a group stands before its interface'],
    ['second', 'NETWORK_SECURITY_GROUP', 'a group stands before any of its interfaces'],
    ['both', 'AZURE_FIREWALL', 'a packet from outside meets the firewall before the group'],
    ['open', null, 'nothing stands before it'],
    ['lost', null, 'the group is gone from the cloud'],
  ])('of %s is %s, since %s', async (name, kind, _why) => {
    // A requester sees machines and no boundary: what kind it is belongs to the machine.
    for (const viewer of [person('cleo', 'READER'), person('rob', 'REQUESTER')]) {
      const query = 'query ($id: ID!) { virtualMachine(id: $id) { guardedBy } }'
      const { virtualMachine } = await ask<any>(database.store, viewer, query, { id: machineId(name) })
      expect(virtualMachine.guardedBy).toBe(kind)
    }
  })

  it('is the kind that each boundary says it is', async () => {
    const query = '{ boundaries(filter: { includeGone: true }) { nodes { name kind } } }'
    const { boundaries } = await ask<any>(database.store, person('cleo', 'READER'), query)
    expect(boundaries.nodes).toEqual([
      { name: 'front', kind: 'NETWORK_SECURITY_GROUP' },
      { name: 'gone', kind: 'NETWORK_SECURITY_GROUP' },
      { name: 'wall', kind: 'AZURE_FIREWALL' },
    ])
  })
})
