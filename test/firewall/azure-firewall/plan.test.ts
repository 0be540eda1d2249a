import { describe, expect, it } from 'vitest'
import { planFirewall } from '../../../src/firewall/azure-firewall/plan.ts'
import { driftOfFirewall, verifyFirewall } from '../../../src/firewall/azure-firewall/read.ts'
import { azureFirewall } from '../../../src/firewall/azure-firewall/ways.ts'
import { readDescription } from '../../../src/firewall/describe.ts'
import type { Rule } from '../../../src/firewall/rule.ts'
import { grant, grantId, machine } from '../rules.ts'
import { afterPass, firewallFacts, foreignNat, front, other, showingNat } from './worlds.ts'

const one = firewallFacts({ grants: [grant()] })
const ruleFor = (facts = one, present: readonly Rule[] = []) =>
  afterPass(facts, present).find(({ name }) => name.startsWith('JitGateway-'))
const evidenceFor = (facts = one, rules: readonly Rule[] = []) => verifyFirewall(facts, showingNat(rules))

describe('a grant behind a firewall', () => {
  it('is a NAT rule from its sources, by a public port, to the port of its machine', () => {
    const rule = ruleFor()
    expect(rule).toMatchObject({
      access: 'ALLOW',
      protocol: 'TCP',
      sources: ['203.0.113.7/32'],
      destinations: [`${front}/32`],
      translatesTo: { address: '10.0.0.4', port: 22 },
    })
    expect(rule?.ports[0]?.first).toBeGreaterThanOrEqual(20_000)
    expect(rule?.ports[0]?.last).toBeLessThan(60_000)
  })

  it('can be closed from the cloud alone: its rule says whose it is and when it ends', () => {
    const named = readDescription(ruleFor() as Rule)
    expect(named).toEqual({ grantId: grant().grantId, endsAtMs: Date.parse(grant().endsAt) })
  })

  it('shares the rule of another that opens the same, and the last one out closes it', () => {
    const both = firewallFacts({ grants: [grant(), grant({ grantId: grantId(2) })] })
    const after = afterPass(both, [])
    expect(after).toHaveLength(1)
    expect([...planFirewall(both, showingNat(after)).owners.values()]).toEqual([[grantId(1), grantId(2)]])
    const rest = afterPass(firewallFacts({ grants: [grant({ grantId: grantId(2) })] }), after)
    expect(rest.map(({ name }) => name)).toEqual(after.map(({ name }) => name))
    expect(afterPass(firewallFacts(), rest)).toEqual([])
  })

  it('has the public port of others that lead to the same port of the same machine, and a port of its own otherwise', () => {
    const some = [
      grant(),
      grant({ grantId: grantId(2), sources: ['192.0.2.9/32'] }),
      grant({ grantId: grantId(3), port: 3389 }),
      grant({ grantId: grantId(4), addresses: ['10.0.0.5'] }),
    ]
    const after = afterPass(firewallFacts({ grants: some }), [])
    const endpoints = evidenceFor(firewallFacts({ grants: some }), after).map(({ endpoint }) => endpoint?.port)
    expect(endpoints[0]).toBe(endpoints[1])
    expect(new Set(endpoints).size).toBe(3)
  })

  it('has the same public port each time it is asked for, unless something else has it meanwhile', () => {
    const port = ruleFor()?.ports[0]?.first ?? 0
    expect(ruleFor()?.ports[0]?.first).toBe(port)
    const theirs = foreignNat({ ports: [{ first: port, last: port }] })
    expect(ruleFor(one, [theirs])?.ports[0]?.first).toBe(port + 1)
  })

  it('moves to another port when somebody else takes its own, and says so', () => {
    const [rule] = afterPass(one, [])
    if (rule === undefined) throw new Error('no rule was planned')
    const theirs = foreignNat({ name: 'published/late', priority: 100, ports: rule.ports })
    const given = firewallFacts({ grants: [grant({ endpoint: { address: front, port: rule.ports[0]?.first ?? 0 } })] })
    expect(evidenceFor(given, [theirs, { ...rule, priority: 200 }])).toMatchObject([
      {
        status: 'BLOCKED',
        blockedBy: 'published/late',
        fault: { code: 'BLOCKED_BY_RULE', message: expect.stringContaining('published/late') },
      },
    ])
    const after = afterPass(given, [theirs, { ...rule, priority: 200 }])
    expect(evidenceFor(given, after)).toMatchObject([
      { status: 'OPEN', endpoint: { port: (rule.ports[0]?.first ?? 0) + 1 } },
    ])
  })

  it('moves to the address that the firewall has when it loses the one it had', () => {
    const before = afterPass(one, [])
    const given = firewallFacts({
      publicAddresses: [other],
      grants: [grant({ endpoint: evidenceFor(one, before)[0]?.endpoint ?? null })],
    })
    expect(evidenceFor(given, afterPass(given, before))).toMatchObject([
      { status: 'OPEN', endpoint: { address: other } },
    ])
  })
})

describe('the collection', () => {
  it('stands at the lowest priority that no collection of any sort has', () => {
    const plan = planFirewall(one, showingNat([foreignNat({ priority: 100 })], [101, 103]))
    expect(plan.changes.put[0]?.priority).toBe(102)
  })

  it('stays where it stands, wherever somebody has moved it', () => {
    const moved = afterPass(one, []).map((rule) => ({ ...rule, priority: 4_000 }))
    const two = firewallFacts({ grants: [grant(), grant({ grantId: grantId(2), port: 3389 })] })
    expect(planFirewall(two, showingNat(moved)).changes.put.map(({ priority }) => priority)).toEqual([4_000])
  })
})

describe('a grant is refused, with what to do about it,', () => {
  const refusedWith = (facts = one, present: readonly Rule[] = []) => planFirewall(facts, showingNat(present)).refused

  it('when the firewall has no public address', () => {
    const refused = refusedWith(firewallFacts({ grants: [grant()], publicAddresses: [] }))
    expect(refused).toMatchObject([{ grantId: grant().grantId, fault: { code: 'NO_PUBLIC_ADDRESS' } }])
  })

  it('when rules of others may match every public port', () => {
    const greedy = foreignNat({ destinations: ['*'], ports: [{ first: 1, last: 65_535 }] })
    expect(refusedWith(one, [greedy])).toMatchObject([{ fault: { code: 'NO_FREE_PORT' } }])
  })

  it('when the budget of public addresses and endpoints is used up; what is over still closes', () => {
    const filler = Array.from({ length: 248 }, (_, n) =>
      foreignNat({ name: `published/f${String(n)}`, ports: [{ first: 1_000 + n, last: 1_000 + n }] }),
    )
    expect(refusedWith(one, filler)).toEqual([])
    const [stale] = afterPass(firewallFacts({ grants: [grant({ port: 3389 })] }), [])
    if (stale === undefined) throw new Error('no rule was planned')
    const full = [...filler, foreignNat({ name: 'published/last', ports: [{ first: 900, last: 900 }] })]
    expect(refusedWith(one, full)).toMatchObject([
      { fault: { code: 'QUOTA_REACHED', message: expect.stringMatching(/at most 250 together/) } },
    ])
    const changes = (present: readonly Rule[]) => planFirewall(one, showingNat(present)).changes
    expect(changes([...full, stale])).toEqual({ remove: [stale.name], put: [] })
    expect(changes([...filler, stale])).toMatchObject({ remove: [stale.name], put: [{ translatesTo: { port: 22 } }] })
  })

  it('not when it only adds a source to an endpoint that is there', () => {
    const filler = Array.from({ length: 248 }, (_, n) =>
      foreignNat({ name: `published/f${String(n)}`, ports: [{ first: 1_000 + n, last: 1_000 + n }] }),
    )
    const before = afterPass(one, filler)
    const two = firewallFacts({ grants: [grant(), grant({ grantId: grantId(2), sources: ['192.0.2.9/32'] })] })
    expect(refusedWith(two, before)).toEqual([])
    expect(afterPass(two, before)).toHaveLength(250)
  })
})

describe('what a firewall shows', () => {
  it('tells of foreign rules that lead to protected ports, by their collection and name', () => {
    const leaky = foreignNat({ name: 'published/jump', translatesTo: { address: '10.0.0.4', port: 22 } })
    const facts = firewallFacts({ machines: [machine()], grants: [grant()] })
    const rules = afterPass(facts, [foreignNat(), leaky])
    expect(azureFirewall.shadows(facts, showingNat(rules))).toEqual([
      { vmId: 'vm-1', port: 22, protocol: 'TCP', ruleName: 'published/jump' },
    ])
  })

  it('tells of rules that were taken away, widened, or moved to another port', () => {
    const [rule] = afterPass(one, [])
    if (rule === undefined) throw new Error('no rule was planned')
    const known = [{ grantId: grant().grantId, ruleName: rule.name }]
    const endpoint = { address: front, port: rule.ports[0]?.first ?? 0 }
    const facts = firewallFacts({ grants: [grant({ endpoint })], known })
    const drift = (...rules: readonly Rule[]) => driftOfFirewall(facts, { rules }).map(({ change }) => change)
    expect(drift(rule)).toEqual([])
    expect(drift()).toEqual(['REMOVED'])
    expect(drift({ ...rule, sources: ['0.0.0.0/0'] })).toEqual(['EDITED'])
    expect(drift({ ...rule, ports: [{ first: 2_022, last: 2_022 }] })).toEqual(['EDITED'])
    expect(afterPass(facts, [{ ...rule, ports: [{ first: 2_022, last: 2_022 }] }])).toEqual([rule])
  })

  it('is never a rule of ours when it is in somebody else’s collection, whatever its name', () => {
    const named = foreignNat({ name: 'JitGateway-like/JitGateway-Allow-x' })
    expect(afterPass(firewallFacts(), [named])).toEqual([named])
  })
})
