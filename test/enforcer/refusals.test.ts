import { describe, expect, it, vi } from 'vitest'
import { OUR_PREFIX } from '../../src/firewall/rule.ts'
import { sshForAll, subscriptionId } from '../support/cloud-estate.ts'
import { useRig, within } from './support/rig.ts'

const names = [
  'edited',
  'superseded',
  'busy',
  'lost',
  'unanswered',
  'locked',
  'forbidden',
  'gone',
  'drift',
  'wiped',
  'full',
]
const rig = useRig([...names, 'calm', 'throttled'].map((name) => ({ name, rules: sshForAll })))

const nsgOf = (name: string) => rig.machine(name).subnetNsgId ?? ''

/** Puts a machine under JIT and waits until its port is closed. */
async function closed(name: string): Promise<string> {
  await rig.protect(name)
  await vi.waitFor(() => expect(rig.passes(name)).toBe(false), within)
  return nsgOf(name)
}

/** Opens and closes a port of the machine, and sees both by the oracle. */
async function opensAndCloses(name: string): Promise<void> {
  const [id = ''] = await rig.request([name])
  await rig.becomes(id, 'ACTIVE')
  expect(rig.passes(name)).toBe(true)
  await rig.revoke(id)
  await rig.becomes(id, 'CLOSED')
  expect(rig.passes(name)).toBe(false)
}

describe('a boundary that changes under the enforcer', () => {
  it('is observed anew when somebody wrote between the reading and the write, whose rule stays', async () => {
    rig.enforce()
    const at = await closed('edited')
    let edits = 0
    const off = rig.simulator.on('beforeWrite', ({ resourceId }) => {
      if (resourceId !== at || edits > 0) return
      edits += 1
      rig.simulator.edit(at, (group) => {
        const [first] = group.properties.securityRules
        if (first === undefined) throw new Error('the group has no rules')
        const properties = { ...first.properties, priority: 2_222 }
        group.properties.securityRules.push({ ...first, name: 'their-own', properties })
      })
    })
    await opensAndCloses('edited')
    off()
    expect(edits).toBe(1)
    expect(JSON.stringify(rig.simulator.read(at))).toContain('their-own')
  })

  it('is observed anew when another write supersedes ours', async () => {
    rig.enforce()
    const at = await closed('superseded')
    rig.simulator.misbehave.failOperation(
      { status: 'Canceled', code: 'Canceled', message: 'Operation was canceled.', kept: false },
      { at, method: 'PUT', times: 2 },
    )
    await opensAndCloses('superseded')
  })

  it('is tried again when the cloud is busy with another operation', async () => {
    rig.enforce()
    const at = await closed('busy')
    rig.simulator.misbehave.refuse(409, { code: 'AnotherOperationInProgress' }, { at, method: 'PUT', times: 2 })
    await opensAndCloses('busy')
  })

  it('has a rule of ours put back when somebody takes it away, and the grant says that it drifted', async () => {
    rig.enforce({ resyncMs: 100 })
    const at = await closed('drift')
    const [id = ''] = await rig.request(['drift'])
    await rig.becomes(id, 'ACTIVE')
    rig.simulator.edit(at, (group) => {
      group.properties.securityRules = group.properties.securityRules.filter(
        ({ name }) => !name.startsWith(`${OUR_PREFIX}Allow`),
      )
    })
    expect(rig.passes('drift')).toBe(false)
    await vi.waitFor(() => expect(rig.passes('drift')).toBe(true), within)
    await vi.waitFor(async () => expect(await rig.facts(id)).toContain('GrantDrifted'), within)
    expect(await rig.grant(id)).toMatchObject({ state: 'ACTIVE', drifted: true })
  })

  it('is made whole again when a deployment wiped every rule of ours', async () => {
    rig.enforce({ resyncMs: 100 })
    const at = await closed('wiped')
    rig.simulator.edit(at, (group) => {
      group.properties.securityRules = group.properties.securityRules.filter(({ name }) => !name.startsWith(OUR_PREFIX))
    })
    expect(rig.passes('wiped')).toBe(true)
    await vi.waitFor(() => expect(rig.passes('wiped')).toBe(false), within)
  })
})

describe('an answer that never comes', () => {
  it('of a write that was done is found out by looking', async () => {
    rig.enforce()
    const at = await closed('lost')
    rig.simulator.misbehave.loseAnswer('afterCommit', { at, method: 'PUT', times: 2 })
    await opensAndCloses('lost')
  })

  it('of a write that was not done is followed by another', async () => {
    rig.enforce()
    const at = await closed('unanswered')
    rig.simulator.misbehave.loseAnswer('beforeCommit', { at, method: 'PUT', times: 2 })
    await opensAndCloses('unanswered')
  })
})

describe('a cloud that refuses', () => {
  it('keeps a grant CLOSING with its words, and closes it once the lock is gone', async () => {
    rig.enforce()
    const at = await closed('locked')
    const [id = ''] = await rig.request(['locked'])
    await rig.becomes(id, 'ACTIVE')
    const unlock = rig.simulator.misbehave.lock('ReadOnly', { at })
    await rig.revoke(id)
    await vi.waitFor(async () => expect((await rig.grant(id)).close_attempts).toBeGreaterThan(1), within)
    const grant = await rig.grant(id)
    expect(grant).toMatchObject({ state: 'CLOSING', fault_code: 'ScopeLocked' })
    expect(grant.last_close_error).toMatch(/lock/i)
    expect(rig.passes('locked')).toBe(true)
    unlock()
    await rig.becomes(id, 'CLOSED')
    expect(rig.passes('locked')).toBe(false)
    // Said once, however often it was tried.
    expect(await rig.facts(id)).toEqual([
      'GrantOpening',
      'GrantActivated',
      'GrantClosing',
      'GrantCloseDelayed',
      'GrantClosed',
    ])
  })

  it('fails an opening in words a person can act on, and only after a verified clean-up', async () => {
    rig.enforce()
    const at = await closed('forbidden')
    const allow = rig.simulator.misbehave.forbid('AuthorizationFailed', { at, method: 'PUT' })
    const [id = ''] = await rig.request(['forbidden'])
    await vi.waitFor(async () => expect((await rig.grant(id)).fault_code).toBe('AuthorizationFailed'), within)
    expect((await rig.grant(id)).fault_message).toMatch(/permission|permitted|authori[sz]ation|may not/i)
    allow()
    await rig.becomes(id, 'OPEN_FAILED')
    expect(rig.passes('forbidden')).toBe(false)
    expect(await rig.facts(id)).toEqual(['GrantOpening', 'GrantOpenFailed'])
  })

  it('takes what closes and the openings it has room for, when the quota of rules is reached', async () => {
    rig.enforce()
    const at = await closed('full')
    rig.simulator.edit(at, (group) => {
      const [first] = group.properties.securityRules
      if (first === undefined) throw new Error('the group has no rules')
      const room = 1_000 - group.properties.securityRules.length
      for (let index = 0; index < room; index += 1)
        group.properties.securityRules.push({
          ...first,
          name: `theirs-${index}`,
          properties: { ...first.properties, direction: 'Outbound', priority: 3_000 + index },
        })
    })
    const [id = ''] = await rig.request(['full'])
    const grant = await rig.becomes(id, 'OPEN_FAILED')
    expect(grant).toMatchObject({ fault_code: 'QUOTA_REACHED' })
    expect(rig.passes('full')).toBe(false)
  })

  it('because the boundary is gone ends no grant as closed while another boundary may still admit it', async () => {
    rig.enforce()
    const at = await closed('gone')
    const [id = ''] = await rig.request(['gone'])
    await rig.becomes(id, 'ACTIVE')
    rig.simulator.deleteGroup(at)
    await rig.revoke(id)
    expect(await rig.becomes(id, 'CLOSED')).toMatchObject({ end_reason: 'REVOKED' })
  })
})

describe('a cloud that throttles', () => {
  it('is left alone, for every boundary of the account, as long as it asks', async () => {
    rig.enforce()
    await closed('calm')
    const at = await closed('throttled')
    rig.simulator.misbehave.throttle('arm', 30, { at, method: 'GET', times: 1 })
    const [throttled = ''] = await rig.request(['throttled'])
    await vi.waitFor(async () => {
      const { rows } = await rig.database.store.pool.query(
        'select throttled_until > gateway_now() as gated from accounts',
      )
      expect(rows).toEqual([{ gated: true }])
    }, within)
    const before = rig.simulator.requests.total
    const [calm = ''] = await rig.request(['calm'])
    // Long enough for ten turns of the enforcer, each of which would call the cloud.
    const turns = vi.waitFor(
      async () => {
        await rig.database.store.pool.query(`select pg_notify('jit_due', '')`)
        throw new Error('looked')
      },
      { timeout: 500, interval: 50 },
    )
    await expect(turns).rejects.toThrow('looked')
    expect(rig.simulator.requests.total).toBe(before)
    expect((await rig.grant(calm)).state).toBe('OPENING')
    await rig.database.advance(31_000)
    await rig.becomes(throttled, 'ACTIVE')
    await rig.becomes(calm, 'ACTIVE')
    expect(subscriptionId).toBeTruthy()
  })
})
