import { describe, expect, it, vi } from 'vitest'
import { useRig, within } from './support/rig.ts'

const names = Array.from({ length: 6 }, (_, index) => `vm-${index}`)
const rig = useRig(
  [...names.map((name) => ({ name, subnet: name === 'vm-5' ? 'last' : 'one' })), { name: 'taken' }],
  20,
)

describe('several enforcers over one database', () => {
  it('never write a boundary at the same time, and leave nothing open', async () => {
    let writing = 0
    let most = 0
    const off = rig.simulator.on('beforeWrite', () => {
      writing += 1
      most = Math.max(most, writing)
    })
    const done = rig.simulator.on('afterWrite', () => {
      writing -= 1
    })
    for (let index = 0; index < 3; index += 1) rig.enforce()
    const five = names.slice(0, 5)
    await rig.protect(...five)
    const ids: string[] = []
    for (let round = 0; round < 4; round += 1) ids.push(...(await rig.request(five, `198.51.100.${round}`)))
    for (const id of ids) await rig.becomes(id, 'ACTIVE')
    await rig.tenMinutesPass()
    for (const id of ids) await rig.becomes(id, 'CLOSED')
    off()
    done()
    expect(most).toBe(1)
    for (const name of five)
      for (let round = 0; round < 4; round += 1) expect(rig.passes(name, `198.51.100.${round}`)).toBe(false)
    const conflicts = rig.simulator.writes.filter(({ status }) => status === 412 || status === 409)
    expect(conflicts).toEqual([])
    for (const id of ids)
      expect((await rig.facts(id)).filter((kind) => kind === 'GrantClosed' || kind === 'GrantOpenFailed')).toHaveLength(
        1,
      )
  })

  it('take over from one that died in the middle, once its lease is over', async () => {
    await rig.protect('taken')
    await rig.database.store.pool.query(
      `update boundary_reconciles set lease_owner = gen_random_uuid(), lease_until = gateway_now() + interval '5 seconds',
         claimed_generation = generation where boundary_id = $1`,
      [rig.machine('taken').subnetNsgId],
    )
    rig.enforce()
    const [id = ''] = await rig.request(['taken'])
    const [other = ''] = await (async () => {
      await rig.protect('vm-5')
      return rig.request(['vm-5'])
    })()
    // Another boundary is not held up.
    await rig.becomes(other, 'ACTIVE')
    expect((await rig.grant(id)).state).toBe('OPENING')
    await rig.database.advance(5_001)
    await rig.becomes(id, 'ACTIVE')
    await rig.revoke(id)
    await rig.becomes(id, 'CLOSED')
  })

  it('record nothing of a pass whose lease went to another', async () => {
    rig.enforce()
    await rig.protect('vm-0').catch(() => {})
    const nsg = rig.machine('vm-0').subnetNsgId ?? ''
    const [id = ''] = await rig.request(['vm-0'], '192.0.2.99')
    await rig.becomes(id, 'ACTIVE')
    const lost = Promise.withResolvers<void>()
    const off = rig.simulator.on('afterWrite', async ({ resourceId }) => {
      if (resourceId !== nsg) return
      off()
      await rig.database.store.pool.query(
        `update boundary_reconciles set fence = fence + 1, lease_owner = gen_random_uuid(),
           lease_until = gateway_now() + interval '1 second' where boundary_id = $1`,
        [nsg],
      )
      lost.resolve()
    })
    await rig.revoke(id)
    await lost.promise
    await vi.waitFor(() => expect(rig.passes('vm-0', '192.0.2.99')).toBe(false), within)
    expect((await rig.grant(id)).state).toBe('CLOSING')
    await rig.becomes(id, 'CLOSED')
    expect((await rig.facts(id)).filter((kind) => kind === 'GrantClosed')).toHaveLength(1)
  })
})
