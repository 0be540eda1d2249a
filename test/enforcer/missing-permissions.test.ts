import { expect, it, vi } from 'vitest'
import { startInventorySync } from '../../src/inventory/inventory-sync.ts'
import { silentLog } from '../../src/log/log.ts'
import { systemClock } from '../../src/time/clock.ts'
import { ask } from '../graphql/support/ask.ts'
import { person } from '../graphql/support/context.ts'
import { sshForAll } from '../support/cloud-estate.ts'
import { useRig, within } from './support/rig.ts'

const rig = useRig(['one', 'other', 'read'].map((name) => ({ name, rules: sshForAll })))
const nsgOf = (name: string) => rig.machine(name).subnetNsgId ?? ''
const WRITE = 'microsoft.network/networksecuritygroups/write'
const READ = 'microsoft.network/networksecuritygroups/read'

/** What the API says that the account lacks. */
async function missing(): Promise<string[]> {
  const document = '{ accounts(first: 1) { nodes { missingPermissions } } }'
  const { accounts } = await ask<any>(rig.database.store, person('rae', 'READER'), document)
  return accounts.nodes[0].missingPermissions.map((action: string) => action.toLowerCase())
}
const becomes = (expected: readonly string[]) =>
  vi.waitFor(async () => expect(await missing()).toEqual(expected), within)

it('a permission that a write lacked is named until that write succeeds, whatever else does meanwhile', async () => {
  rig.enforce()
  expect(await missing()).toEqual([])
  const allow = rig.simulator.misbehave.forbid('AuthorizationFailed', { at: nsgOf('one'), method: 'PUT' })
  await rig.protect('one')
  await becomes([WRITE])

  await rig.protect('other')
  await vi.waitFor(() => expect(rig.passes('other')).toBe(false), within)
  const { store, url } = rig.database
  await store.pool.query('update accounts set next_sync_at = gateway_now(), last_synced_at = null')
  const inventory = startInventorySync({ store, url, cloud: rig.cloud, clock: systemClock, log: silentLog })
  await vi.waitFor(async () => {
    expect((await store.pool.query('select 1 from accounts where last_synced_at is not null')).rowCount).toBe(1)
  }, within)
  await inventory.stop()
  expect(await missing()).toEqual([WRITE])

  allow()
  await becomes([])
  await vi.waitFor(() => expect(rig.passes('one')).toBe(false), within)
})

it('one that a reading lacked is named until it was read, also where nothing is to be written then', async () => {
  rig.enforce()
  await rig.protect('read')
  await vi.waitFor(() => expect(rig.passes('read')).toBe(false), within)
  await rig.idle()
  const allow = rig.simulator.misbehave.forbid('AuthorizationFailed', { at: nsgOf('read'), method: 'GET' })
  const look = () =>
    rig.database.store.pool.query(
      'update boundary_reconciles set next_run_at = gateway_now() where boundary_id = $1 and lease_owner is null',
      [nsgOf('read').toLowerCase()],
    )
  await look()
  await becomes([READ])
  allow()
  await look()
  await becomes([])
})

it('one that a write lacked stays when there is nothing to write any more: nothing says that it is there now', async () => {
  const { pool } = rig.database.store
  const at = nsgOf('read').toLowerCase()
  await rig.database.store.pool.query(
    `update boundary_reconciles set missing_permissions = array['a/b/write', 'a/b/read', 'ec2:DescribeInstances',
       'ec2:AuthorizeSecurityGroupIngress'], next_run_at = gateway_now() where boundary_id = $1`,
    [at],
  )
  rig.enforce()
  await becomes(['a/b/write', 'ec2:authorizesecuritygroupingress'])
  await pool.query(`update boundary_reconciles set missing_permissions = '{}' where boundary_id = $1`, [at])
})
