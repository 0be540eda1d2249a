import { describe, expect, it, vi } from 'vitest'
import { updatePolicy } from '../../src/commands/update-policy.ts'
import { ada, home, useEc2Rig, within } from './support/ec2-rig.ts'

const [elsewhere, fleet] = ['203.0.113.8', ['fleet-1', 'fleet-2', 'fleet-3']]
const rig = useEc2Rig(
  [
    ...['life', 'two', 'lost', 'throttled', 'full', 'drift', 'lag', 'gone', 'dead', 'tidy'].map((name) => ({ name })),
    ...fleet.map((name) => ({ name, groups: ['fleet'] })),
    { name: 'pair', interfaces: 2 },
    { name: 'strict', groups: ['strict'] },
    { name: 'changing', groups: ['changing'] },
    { name: 'shared', groups: ['both'] },
    { name: 'sharing', groups: ['both'] },
    { name: 'doomed', groups: ['doomed'] },
  ],
  {
    groups: {
      fleet: [{ port: 443 }],
      strict: [
        { port: 22, description: 'SSH for all', tags: { owner: 'nobody' } },
        { port: 22, from: 'fleet' },
        { port: [20, 25], from: '10.0.0.0/8', description: 'an old habit' },
      ],
      changing: [{ port: 22 }],
      both: [{ port: 22 }],
      doomed: [{ port: 22, description: 'of the doomed' }],
    },
  },
)

/** What the log says of a boundary, from the oldest to the latest. */
async function log(name: string): Promise<{ kind: string; detail: Record<string, unknown> }[]> {
  const { rows } = await rig.database.store.pool.query<{ kind: string; detail: Record<string, unknown> }>(
    'select kind, detail from activities where boundary_id = $1 order by transaction, position',
    [rig.small.boundaryId(name)],
  )
  return rows
}

const exposed = async (name: string) => {
  const { rows } = await rig.database.store.pool.query<{ rule_name: string }>(
    'select rule_name from exposures where vm_id = $1',
    [rig.small.vmId(name)],
  )
  return rows.map((row) => row.rule_name)
}

const taken = async (name: string) => {
  const { rows } = await rig.database.store.pool.query<{ place: string; gone: boolean; fault_code: string | null }>(
    'select place, taken_at is not null as gone, fault_code from taken_rules where boundary_id = $1 order by place',
    [rig.small.boundaryId(name)],
  )
  return rows
}

/** Inbound rules of a group that was drawn, without the ids that EC2 gives. */
const rulesOf = (group: string) =>
  [...rig.simulator.now.rules.values()]
    .filter((rule) => rule.groupId === rig.small.groupId(group) && !rule.egress)
    .map((rule) => ({ ...rule, id: '' }))

const ourGroups = (name: string) =>
  [...rig.simulator.now.groups.values()].filter((group) =>
    rig.small.instance(name).interfaceIds.some((id) => group.name === `JitGateway-${id}`),
  )

/** Changes the policy of a machine. */
async function choose(name: string, closesForeignRules: boolean): Promise<void> {
  const { store } = rig.database
  const { rows } = await store.pool.query<{ id: string }>('select id from policies where vm_id = $1', [
    rig.small.vmId(name),
  ])
  const changed = { policyIds: rows.map((row) => row.id), closesForeignRules }
  expect(await updatePolicy({ store, viewer: ada }, changed)).toMatchObject({ userErrors: [] })
}

describe('a grant of an instance', () => {
  it('opens the port to its source and nobody else, and closes it on time', async () => {
    rig.enforce()
    await rig.protect('life')
    await rig.idle()
    const [id = ''] = await rig.request(['life'])
    await rig.becomes(id, 'ACTIVE')
    expect([rig.passes('life'), rig.passes('life', elsewhere)]).toEqual([true, false])
    // The lease of a pass that is still at work would run out with the clock, and what it wrote not be told.
    await rig.idle()
    await rig.tenMinutesPass()
    expect(await rig.becomes(id, 'CLOSED')).toMatchObject({ end_reason: 'TIME_UP' })
    expect(rig.passes('life')).toBe(false)
    expect(await rig.facts(id)).toEqual(['GrantOpening', 'GrantActivated', 'GrantClosing', 'GrantClosed'])
    expect((await log('life')).filter(({ kind }) => kind === 'BoundaryWritten')).toMatchObject([
      { detail: { added: [expect.stringMatching(/^JitGateway-Allow-/)], removed: [] } },
      { detail: { added: [], removed: [expect.stringMatching(/^JitGateway-Allow-/)] } },
    ])
  })

  it('opens no other instance that wears the same groups', async () => {
    rig.enforce()
    await rig.protect(...fleet)
    const [id = ''] = await rig.request(['fleet-1'])
    await rig.becomes(id, 'ACTIVE')
    expect(fleet.map((name) => rig.passes(name))).toEqual([true, false, false])
    await rig.revoke(id)
    await rig.becomes(id, 'CLOSED')
    expect(fleet.map((name) => rig.passes(name))).toEqual([false, false, false])
  })

  it('shares the rule of another that opens the same, which stays until the last of them ends', async () => {
    rig.enforce()
    await rig.protect('two')
    const [[first = ''], [second = '']] = [await rig.request(['two']), await rig.request(['two'])]
    await rig.becomes(first, 'ACTIVE')
    await rig.becomes(second, 'ACTIVE')
    await rig.revoke(first)
    await rig.becomes(first, 'CLOSED')
    expect(rig.passes('two')).toBe(true)
    await rig.revoke(second)
    await rig.becomes(second, 'CLOSED')
    expect(rig.passes('two')).toBe(false)
  })

  it('opens and closes every interface of the instance', async () => {
    rig.enforce()
    await rig.protect('pair')
    const [id = ''] = await rig.request(['pair'])
    await rig.becomes(id, 'ACTIVE')
    const byInterface = () =>
      rig.small.instance('pair').interfaceIds.map((interfaceId) => {
        const { instanceId } = rig.small.instance('pair')
        return rig.simulator.packetPasses({ instanceId, interfaceId, source: home, port: 22, protocol: 'TCP' }).passes
      })
    expect(byInterface()).toEqual([true, true])
    await rig.revoke(id)
    await rig.becomes(id, 'CLOSED')
    expect(byInterface()).toEqual([false, false])
  })

  it.each(['beforeCommit', 'afterCommit'] as const)('is proven whatever answers are lost (%s)', async (when) => {
    rig.enforce()
    if (when === 'beforeCommit') await rig.protect('lost')
    rig.simulator.misbehave.loseAnswer(when, { action: 'AuthorizeSecurityGroupIngress', times: 2 })
    const [id = ''] = await rig.request(['lost'])
    await rig.becomes(id, 'ACTIVE')
    expect(rig.passes('lost')).toBe(true)
    rig.simulator.misbehave.loseAnswer(when, { action: 'RevokeSecurityGroupIngress', times: 2 })
    await rig.revoke(id)
    await rig.becomes(id, 'CLOSED')
    expect(rig.passes('lost')).toBe(false)
  })

  it('waits out a throttle, and closes all the same', async () => {
    rig.enforce()
    await rig.protect('throttled')
    const [id = ''] = await rig.request(['throttled'])
    await rig.becomes(id, 'ACTIVE')
    // As often as one call is tried.
    rig.simulator.misbehave.throttle({ action: 'Revoke', times: 5 })
    await rig.revoke(id)
    await vi.waitFor(async () => expect((await rig.grant(id)).close_attempts).toBe(1), within)
    expect((await rig.grant(id)).last_close_error).toContain('AWS')
    await rig.database.advance(2_000)
    await rig.becomes(id, 'CLOSED')
    expect(rig.passes('throttled')).toBe(false)
  })

  it('fails with the quota by name when the interface may wear no more groups, and leaves nothing behind', async () => {
    rig.enforce()
    await rig.protect('full')
    rig.simulator.settings.groupsPerInterface = 1
    const [id = ''] = await rig.request(['full'])
    const failed = await rig.becomes(id, 'OPEN_FAILED')
    rig.simulator.settings.groupsPerInterface = 5
    expect(failed.fault_code).toBe('SecurityGroupsPerInterfaceLimitExceeded')
    expect(failed.fault_message).toContain('raise the quota')
    expect(rig.passes('full')).toBe(false)
    const [group] = ourGroups('full')
    expect([...rig.simulator.now.rules.values()].filter((rule) => rule.groupId === group?.id && !rule.egress)).toEqual(
      [],
    )
  })

  it('is put back when somebody takes its rule, or the group, away', async () => {
    rig.enforce({ resyncMs: 100 })
    await rig.protect('drift')
    const [id = ''] = await rig.request(['drift'])
    await rig.becomes(id, 'ACTIVE')
    const [interfaceId = ''] = rig.small.instance('drift').interfaceIds
    const worn = rig.simulator.now.interfaces.get(interfaceId)?.groupIds ?? []
    rig.simulator.wear(interfaceId, worn.slice(0, 1))
    expect(rig.passes('drift')).toBe(false)
    await vi.waitFor(async () => {
      await rig.database.advance(200)
      expect(rig.passes('drift')).toBe(true)
    }, within)
    await vi.waitFor(async () => expect((await rig.grant(id)).drifted).toBe(true), within)
    expect(await rig.facts(id)).toContain('GrantDrifted')
    await rig.revoke(id)
    await rig.becomes(id, 'CLOSED')
  })

  it('is closed for sure where readings lag behind, also what a dead enforcer wrote last', async () => {
    await rig.protect('lag')
    const first = rig.enforce()
    const [warm = ''] = await rig.request(['lag'], elsewhere)
    await rig.becomes(warm, 'ACTIVE')
    // It dies with the answer of its write, and from now on nobody is shown what it wrote.
    rig.simulator.settings.lagMs = 3_600_000
    rig.simulator.misbehave.loseAnswer('afterCommit', { action: 'AuthorizeSecurityGroupIngress', times: 1 })
    const [id = ''] = await rig.request(['lag'])
    await vi.waitFor(() => expect(rig.passes('lag')).toBe(true), within)
    await first.stop()
    await rig.revoke(id)
    rig.enforce()
    await rig.becomes(id, 'CLOSED')
    expect(rig.passes('lag')).toBe(false)
    expect(rig.passes('lag', elsewhere)).toBe(true)
    rig.simulator.settings.lagMs = 0
    rig.simulator.catchUp()
  })
})

describe('a foreign rule', () => {
  it('that admits a protected port is an exposure, by its group and id, where the policy leaves it', async () => {
    rig.enforce()
    await rig.protect('sharing')
    const name = expect.stringMatching(new RegExp(`^${rig.small.groupId('both')}/sgr-`))
    await vi.waitFor(async () => expect(await exposed('sharing')).toEqual([name]), within)
    expect(rig.passes('sharing')).toBe(true)
  })

  it('is taken away where the policy says so, and comes back as it was when JIT is disabled', async () => {
    rig.enforce()
    const before = rulesOf('strict')
    await rig.protectBy(['strict'], { closesForeignRules: true })
    await vi.waitFor(async () => expect(await taken('strict')).toMatchObject([{ gone: true }, { gone: true }]), within)
    expect(rig.passes('strict')).toBe(false)
    // The one that admits other ports too stays, and is told of.
    expect(rulesOf('strict')).toEqual([expect.objectContaining({ fromPort: 20, toPort: 25 })])
    expect(await exposed('strict')).toHaveLength(1)

    const [id = ''] = await rig.request(['strict'])
    await rig.becomes(id, 'ACTIVE')
    await rig.unprotect('strict')
    await rig.becomes(id, 'CLOSED')
    await vi.waitFor(async () => expect(await taken('strict')).toEqual([]), within)
    expect(rulesOf('strict')).toHaveLength(before.length)
    expect(rulesOf('strict')).toEqual(expect.arrayContaining(before))
    expect(ourGroups('strict')).toEqual([])
    expect((await log('strict')).filter(({ kind }) => kind.startsWith('ForeignRule')).map(({ kind }) => kind)).toEqual([
      'ForeignRuleTaken',
      'ForeignRuleTaken',
      'ForeignRuleReturned',
      'ForeignRuleReturned',
    ])
  })

  it('goes and comes with the choice of the policy, without the policy being made anew', async () => {
    rig.enforce()
    await rig.protect('changing')
    expect(rig.passes('changing')).toBe(true)
    for (const closesForeignRules of [true, false]) {
      await choose('changing', closesForeignRules)
      await vi.waitFor(() => expect(rig.passes('changing')).toBe(!closesForeignRules), within)
    }
  })

  it('of a group that others wear too is left, and the reason is kept', async () => {
    rig.enforce()
    await rig.protectBy(['shared'], { closesForeignRules: true })
    await vi.waitFor(
      async () => expect(await taken('shared')).toMatchObject([{ gone: false, fault_code: 'GROUP_SHARED' }]),
      within,
    )
    expect([rig.passes('shared'), rig.passes('sharing')]).toEqual([true, true])
    expect(await exposed('shared')).toHaveLength(1)
    await rig.unprotect('shared')
    await vi.waitFor(async () => expect(await taken('shared')).toEqual([]), within)
  })

  it('is remembered before it is taken: an enforcer that dies in between loses nothing', async () => {
    const enforcer = rig.enforce()
    rig.simulator.misbehave.loseAnswer('afterCommit', { action: 'RevokeSecurityGroupIngress' })
    await rig.protectBy(['doomed'], { closesForeignRules: true })
    await vi.waitFor(() => expect(rig.passes('doomed')).toBe(false), within)
    await enforcer.stop()
    rig.simulator.misbehave.stop()
    expect(await taken('doomed')).toMatchObject([{ place: expect.stringContaining('tcp 22-22 0.0.0.0/0') }])
    rig.enforce()
    await rig.unprotect('doomed')
    await vi.waitFor(() => expect(rulesOf('doomed')).toMatchObject([{ description: 'of the doomed' }]), within)
  })
})

describe('an instance that is terminated', () => {
  it('ends its grants, and what was made for it goes too', async () => {
    rig.enforce()
    await rig.protect('gone')
    const [id = ''] = await rig.request(['gone'])
    await rig.becomes(id, 'ACTIVE')
    rig.simulator.terminate(rig.small.instance('gone').instanceId)
    await rig.sync()
    expect(await rig.becomes(id, 'CLOSED')).toMatchObject({ end_reason: 'VM_GONE' })
    await vi.waitFor(() => expect(ourGroups('gone')).toEqual([]), within)
  })

  it('has its foreign rules back, though nothing is left of it but its group', async () => {
    rig.enforce()
    await choose('changing', true)
    await vi.waitFor(async () => expect(await taken('changing')).toMatchObject([{ gone: true }]), within)
    expect(rulesOf('changing')).toEqual([])
    rig.simulator.terminate(rig.small.instance('changing').instanceId)
    await rig.sync()
    await vi.waitFor(async () => expect(await taken('changing')).toEqual([]), within)
    expect(rulesOf('changing')).toHaveLength(1)
  })
})
