import { expect, it, vi } from 'vitest'
import { updatePolicy } from '../../src/commands/update-policy.ts'
import { startInventorySync } from '../../src/inventory/inventory-sync.ts'
import { silentLog } from '../../src/log/log.ts'
import { systemClock } from '../../src/time/clock.ts'
import { ada, useEc2Rig, within } from './support/ec2-rig.ts'

const rig = useEc2Rig(
  [
    { name: 'opened', groups: ['opened'] },
    { name: 'halves', groups: ['low'] },
    { name: 'guarded', groups: ['shared'] },
    { name: 'neighbour', groups: ['shared'] },
    { name: 'closing', groups: ['closing'] },
    { name: 'old', groups: ['ssh'] },
  ],
  { groups: { low: [{ port: 22, from: '0.0.0.0/1' }], high: [{ port: [20, 30], from: '128.0.0.0/1' }] } },
)

/** Reads the inventory again. The rig's own way makes it the first of the account, which tells of nothing. */
async function resync(): Promise<void> {
  const { store, url } = rig.database
  const synced = async () => (await store.pool.query<{ at: Date }>('select last_synced_at as at from accounts')).rows[0]
  const before = await synced()
  await store.pool.query('update accounts set next_sync_at = gateway_now()')
  const inventory = startInventorySync({ store, url, cloud: rig.cloud, clock: systemClock, log: silentLog })
  await vi.waitFor(async () => expect(await synced()).not.toEqual(before), within)
  await inventory.stop()
}

let made = 0
/** Has somebody write a rule into a group; answers what takes it away again, and the name it is spoken of by. */
function write(group: string, cidr = '0.0.0.0/0', protocol = 'tcp', port = 22) {
  const groupId = rig.small.groupId(group)
  const id = `sgr-0000000000000000${String((made += 1))}`
  const ports = protocol === '-1' ? { fromPort: -1, toPort: -1 } : { fromPort: port, toPort: port }
  rig.simulator.putRule({
    id,
    groupId,
    egress: false,
    protocol,
    ...ports,
    peer: { cidr },
    description: null,
    tags: {},
  })
  return { name: `${groupId}/${id}`, remove: () => rig.simulator.removeRule(id) }
}

/** What the log says of exposures of an instance, from the first. */
async function said(name: string): Promise<string[]> {
  const { rows } = await rig.database.store.pool.query<{ kind: string; detail: Record<string, unknown> }>(
    `select kind, detail from activities where vm_id = $1 and kind in ('ExposureFound', 'ExposureCleared')
     order by position`,
    [rig.small.vmId(name)],
  )
  return rows.map(({ kind, detail: { port, ruleName, guarded } }) =>
    [kind, port, ruleName, guarded === true ? 'guarded' : 'not guarded'].join(' '),
  )
}

it('a rule for everybody in a group is told of once it is synced, and that it is gone; what was there before is not', async () => {
  const some = write('opened', '203.0.113.0/24')
  const https = write('opened', '0.0.0.0/0', 'tcp', 443)
  await resync()
  expect(await said('opened')).toEqual([])
  const all = write('opened', '0.0.0.0/0', '-1')
  await resync()
  expect(await said('opened')).toEqual([`ExposureFound 22 ${all.name} not guarded`])
  // Open by another rule all the same: nothing began, and nothing ended.
  const v4 = write('opened')
  all.remove()
  await resync()
  expect(await said('opened')).toHaveLength(1)
  v4.remove()
  await resync()
  expect((await said('opened')).slice(1)).toEqual([`ExposureCleared 22 ${v4.name} not guarded`])
  for (const { remove } of [some, https]) remove()
  expect(await said('old')).toEqual([])
})

it('a group that completes what another lets in is told of when an interface wears both', async () => {
  const [id = ''] = rig.small.instance('halves').interfaceIds
  const [low, high] = [rig.small.groupId('low'), rig.small.groupId('high')]
  rig.simulator.wear(id, [low, high])
  await resync()
  expect(await said('halves')).toEqual([expect.stringMatching(/^ExposureFound 22 sg-\w+\/sgr-\w+ not guarded$/)])
  rig.simulator.wear(id, [high])
  await resync()
  expect((await said('halves')).slice(1)).toEqual([expect.stringMatching(/^ExposureCleared 22 /)])
})

it('a guarded instance is told of by the pass that sees the rule, its neighbour in the group by the sync; not by a grant', async () => {
  rig.enforce()
  await rig.protect('guarded')
  const [grant = ''] = await rig.request(['guarded'], '0.0.0.0/0')
  await rig.becomes(grant, 'ACTIVE')
  await resync()
  expect(await said('guarded')).toEqual([])
  const { name, remove } = write('shared')
  await rig.lookAgain()
  await vi.waitFor(async () => expect(await said('guarded')).toEqual([`ExposureFound 22 ${name} guarded`]), within)
  expect(await said('neighbour')).toEqual([])
  await resync()
  expect(await said('neighbour')).toEqual([`ExposureFound 22 ${name} not guarded`])
  remove()
  await rig.lookAgain()
  await vi.waitFor(
    async () => expect((await said('guarded')).slice(1)).toEqual([`ExposureCleared 22 ${name} guarded`]),
    within,
  )
  await resync()
  expect((await said('neighbour')).slice(1)).toEqual([`ExposureCleared 22 ${name} not guarded`])
})

it('an exposure is over once the rule is taken away because the policy says so', async () => {
  rig.enforce()
  const { name } = write('closing')
  await rig.protect('closing')
  await vi.waitFor(async () => expect(await said('closing')).toEqual([`ExposureFound 22 ${name} guarded`]), within)
  const { store } = rig.database
  const { rows } = await store.pool.query<{ id: string }>('select id from policies where vm_id = $1', [
    rig.small.vmId('closing'),
  ])
  await updatePolicy({ store, viewer: ada }, { policyIds: rows.map(({ id }) => id), closesForeignRules: true })
  await vi.waitFor(
    async () => expect((await said('closing')).slice(1)).toEqual([`ExposureCleared 22 ${name} guarded`]),
    within,
  )
  expect(rig.passes('closing')).toBe(false)
})
