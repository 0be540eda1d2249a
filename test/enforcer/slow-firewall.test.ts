import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { sshForAll } from '../support/cloud-estate.ts'
import { useFirewallRig } from './support/firewall-rig.ts'
import { within } from './support/rig.ts'

const other = '203.0.113.8'
const { rig, firewallId, firewall, firewallWrites, statuses, closed } = useFirewallRig(
  ['plain', 'slow', 'quick', 'early', 'first', 'second', 'third', 'late', 'stopped'].map((name) => ({
    name,
    rules: sshForAll,
  })),
)

describe('a firewall that takes its time', () => {
  const slow = (ms: number) => rig.simulator.misbehave.slowOperation({ ms }, { at: firewallId(), method: 'PUT' })

  it('has a grant OPENING until its write is in force; nobody else waits for it', async () => {
    rig.enforce({ passes: 1 })
    await rig.protect('slow', 'quick')
    await closed('slow')
    await closed('quick')
    await rig.idle()
    const lift = slow(4_000)
    const [[id = ''], [quick = '']] = [await rig.request(['slow']), await rig.request(['quick'], '10.0.9.9')]
    await rig.becomes(quick, 'ACTIVE')
    await rig.revoke(quick)
    await rig.becomes(quick, 'CLOSED')
    await vi.waitFor(
      async () => expect(await statuses(id)).toEqual(['AZURE_FIREWALL UNKNOWN', 'NETWORK_SECURITY_GROUP OPEN']),
      within,
    )
    expect((await rig.grant(id)).state).toBe('OPENING')
    expect(firewall().properties.provisioningState).toBe('Updating')
    await rig.becomes(id, 'ACTIVE')
    expect(await rig.arrives(id, 'slow')).toBe(true)
    lift()
    await rig.revoke(id)
    await rig.becomes(id, 'CLOSED')
  })

  it('lets go of a grant ahead of its end, so that the port is closed when it ends', async () => {
    rig.enforce()
    await rig.protect('early')
    await closed('early')
    await rig.idle()
    const lift = slow(4_000)
    const [id = ''] = await rig.request(['early'])
    await rig.becomes(id, 'ACTIVE')
    // How long the write took is kept when its pass ends, which is after the grant is ACTIVE.
    await rig.idle()
    const writes = firewallWrites()
    const { rows } = await rig.database.store.pool.query<{ left: number; took: number }>(
      `select extract(epoch from g.ends_at - gateway_now())::float8 * 1000 as left, r.write_ms as took
        from grants g, boundary_reconciles r where g.id = $1 and r.boundary_id = $2`,
      [id, firewallId()],
    )
    const [{ left, took } = { left: 0, took: 0 }] = rows
    expect(took).toBeGreaterThanOrEqual(4_000)
    // Three seconds before it has to begin nothing happens; then the firewall begins.
    await rig.database.advance(Math.round(left - took) - 3_000)
    await delay(500)
    expect([firewallWrites(), await rig.arrives(id, 'early')]).toEqual([writes, true])
    await rig.database.advance(2_500)
    await vi.waitFor(() => expect(firewallWrites()).toBe(writes + 1), within)
    expect((await rig.grant(id)).state).toBe('ACTIVE')
    await vi.waitFor(async () => expect(await rig.arrives(id, 'early')).toBe(false), within)
    await rig.becomes(id, 'CLOSED')
    const closing = await rig.database.store.pool.query<{ late: number }>(
      `select extract(epoch from closed_at - ends_at)::float8 as late from grants where id = $1`,
      [id],
    )
    // Without the lead it would be four seconds.
    expect(closing.rows[0]?.late).toBeLessThan(3)
    expect(firewallWrites()).toBe(writes + 1)
    lift()
  })

  it('lets go in one write of all that would have to wait for it, takes none back, and lets in again what is extended', async () => {
    rig.enforce()
    await rig.protect('first', 'second', 'third')
    for (const name of ['first', 'second', 'third']) await closed(name)
    const names = ['first', 'second', 'third']
    const ids = await rig.request(names)
    for (const id of ids) await rig.becomes(id, 'ACTIVE')
    await rig.idle()
    const { pool } = rig.database.store
    const later = (id: string | undefined, seconds: number) =>
      pool.query(`update grants set ends_at = ends_at + $2 * interval '1 second' where id = $1`, [id, seconds])
    await later(ids[1], 3)
    await later(ids[2], 60)
    await pool.query(`update boundary_reconciles set write_ms = 5000 where boundary_id = $1`, [firewallId()])
    const writes = firewallWrites()
    await rig.database.advance(594_000)
    const open = () => Promise.all(names.map((name, index) => rig.arrives(ids[index] ?? '', name)))
    await vi.waitFor(async () => expect(await open()).toEqual([false, false, true]), within)
    // The write was over in a moment: there would be time for a quick one more.
    await rig.lookAgain()
    await rig.idle()
    expect([firewallWrites(), await open()]).toEqual([writes + 1, [false, false, true]])
    expect((await rig.grant(ids[1] ?? '')).state).toBe('ACTIVE')

    await later(ids[1], 600)
    await rig.lookAgain()
    await vi.waitFor(async () => expect(await open()).toEqual([false, true, true]), within)
    for (const id of ids) await rig.revoke(id)
    for (const id of ids) await rig.becomes(id, 'CLOSED')
  })

  it('that is slower than ever before is late, which the grant shows: CLOSING until it is proven shut', async () => {
    rig.enforce()
    await rig.protect('late')
    await closed('late')
    const [[id = ''], [stays = '']] = [await rig.request(['late']), await rig.request(['late'], other)]
    await rig.becomes(id, 'ACTIVE')
    await rig.becomes(stays, 'ACTIVE')
    const lift = slow(1_200)
    await rig.revoke(id)
    await vi.waitFor(async () => expect((await rig.grant(id)).state).toBe('CLOSING'), within)
    await delay(300)
    // The other grant keeps the group open to the firewall, which alone tells who comes.
    expect([(await rig.grant(id)).state, await rig.arrives(id, 'late')]).toEqual(['CLOSING', true])
    await rig.becomes(id, 'CLOSED')
    expect([await rig.arrives(id, 'late'), await rig.arrives(stays, 'late', other)]).toEqual([false, true])
    lift()
    await rig.revoke(stays)
    await rig.becomes(stays, 'CLOSED')
  })

  it('holds up no stop: the next enforcer finds out what became of the write', async () => {
    await rig.protect('stopped')
    const first = rig.enforce({ stopWithinMs: 100 })
    await closed('stopped')
    await rig.idle()
    const lift = slow(2_000)
    const [id = ''] = await rig.request(['stopped'])
    await vi.waitFor(() => expect(firewall().properties.provisioningState).toBe('Updating'), within)
    const began = performance.now()
    await first.stop()
    expect(performance.now() - began).toBeLessThan(1_500)
    expect(firewall().properties.provisioningState).toBe('Updating')
    const writes = firewallWrites()
    rig.enforce({ leaseMs: 1_000 })
    await rig.becomes(id, 'ACTIVE')
    expect(await rig.arrives(id, 'stopped')).toBe(true)
    expect(firewallWrites()).toBe(writes)
    lift()
    await rig.revoke(id)
    await rig.becomes(id, 'CLOSED')
  })
})
