import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mostEndpoints } from '../../../src/firewall/azure-firewall/budget.ts'
import { guardFirewall } from '../../../src/firewall/azure-firewall/guard.ts'
import { planFirewall } from '../../../src/firewall/azure-firewall/plan.ts'
import { verifyFirewall } from '../../../src/firewall/azure-firewall/read.ts'
import { azureFirewall } from '../../../src/firewall/azure-firewall/ways.ts'
import { applyChanges } from '../../../src/firewall/diff.ts'
import type { BoundaryFacts, LiveGrant } from '../../../src/firewall/input.ts'
import { isOurs, type Rule } from '../../../src/firewall/rule.ts'
import { isIn } from '../packet.ts'
import { translate, type PublicPacket } from './walk.ts'
import { afterPass, facts, front, other, packetSources, presentNat, showingNat } from './worlds.ts'

/** Every run draws the same worlds; a failing one is printed and can be written down as an example. */
const settings = { seed: 20260102, numRuns: 300 }
const hold = (check: (wanted: BoundaryFacts, present: Rule[]) => void) => {
  fc.assert(fc.property(facts, presentNat, check), settings)
}

const gives = (grant: LiveGrant, packet: PublicPacket, rule: Rule) =>
  rule.translatesTo !== undefined &&
  grant.addresses.includes(rule.translatesTo.address) &&
  grant.port === rule.translatesTo.port &&
  (grant.protocol === 'ANY' || grant.protocol === packet.protocol) &&
  grant.sources.some((text) => isIn(packet.source, text))

/** Packets to every public port that a rule of ours has, and to some that none has. */
const packetsTo = (rules: readonly Rule[]) =>
  [
    ...new Set([...rules.filter(isOurs).flatMap((rule) => rule.ports.map(({ first }) => first)), 443, 22, 20_022]),
  ].flatMap((port) =>
    [front, other].flatMap((address) =>
      packetSources.flatMap((source) =>
        (['TCP', 'UDP'] as const).map((protocol) => ({ source, address, port, protocol })),
      ),
    ),
  )

const endpointsOf = (wanted: BoundaryFacts, rules: readonly Rule[]) =>
  new Map(verifyFirewall(wanted, showingNat(rules)).map(({ grantId, endpoint }) => [grantId, endpoint ?? null]))

/** The facts as the next pass has them: with the endpoints that this one was seen to give. */
const remembering = (wanted: BoundaryFacts, rules: readonly Rule[]): BoundaryFacts => {
  const endpoints = endpointsOf(wanted, rules)
  return {
    ...wanted,
    grants: wanted.grants.map((grant) => ({ ...grant, endpoint: endpoints.get(grant.grantId) ?? null })),
  }
}

describe('whatever a firewall shows and whatever is asked of it', () => {
  it('planning on top of what a plan left behind changes nothing', () => {
    hold((wanted, present) => {
      const after = afterPass(wanted, present)
      expect(planFirewall(wanted, showingNat(after)).changes).toEqual({ remove: [], put: [] })
      expect(planFirewall(remembering(wanted, after), showingNat(after)).changes).toEqual({ remove: [], put: [] })
    })
  })

  it('the order of grants, sources and rules means nothing', () => {
    hold((wanted, present) => {
      const turned: BoundaryFacts = {
        ...wanted,
        machines: wanted.machines.toReversed(),
        grants: wanted.grants.toReversed().map((grant) => ({ ...grant, sources: grant.sources.toReversed() })),
      }
      const plan = planFirewall(wanted, showingNat(present))
      expect(planFirewall(turned, showingNat(present.toReversed()))).toEqual(plan)
    })
  })

  it('foreign rules stay as they are', () => {
    hold((wanted, present) => {
      const foreign = (rules: readonly Rule[]) => rules.filter((rule) => !isOurs(rule))
      expect(foreign(afterPass(wanted, present))).toEqual(foreign(present))
    })
  })

  it('a rule of ours sends on only what a live grant gives', () => {
    hold((wanted, present) => {
      const after = afterPass(wanted, present)
      for (const packet of packetsTo(after)) {
        const rule = translate(after, packet)
        if (rule === null || !isOurs(rule)) continue
        if (!wanted.grants.some((grant) => gives(grant, packet, rule)))
          expect.fail(`${rule.name} sends on ${JSON.stringify(packet)}`)
      }
    })
  })

  it('a grant that is not refused gets from each of its sources to its machine, at the endpoint it is told', () => {
    hold((wanted, present) => {
      const plan = planFirewall(wanted, showingNat(present))
      const after = afterPass(wanted, present)
      const evidence = new Map(verifyFirewall(wanted, showingNat(after)).map((one) => [one.grantId, one]))
      for (const grant of wanted.grants) {
        if (plan.refused.some(({ grantId }) => grantId === grant.grantId)) continue
        const { status, endpoint } = evidence.get(grant.grantId) ?? {}
        expect(status).toBe('OPEN')
        expect(wanted.publicAddresses).toContain(endpoint?.address)
        for (const source of packetSources.filter((one) => grant.sources.some((text) => isIn(one, text))))
          for (const protocol of grant.protocol === 'ANY' ? (['TCP', 'UDP'] as const) : [grant.protocol]) {
            const packet = { source, protocol, address: endpoint?.address ?? '', port: endpoint?.port ?? 0 }
            expect(translate(after, packet)?.translatesTo).toEqual({ address: grant.addresses[0], port: grant.port })
          }
      }
    })
  })

  it('the owners of a rule are live grants that give it, and every rule of ours has some', () => {
    hold((wanted, present) => {
      const { owners } = planFirewall(wanted, showingNat(present))
      const ours = afterPass(wanted, present).filter(isOurs)
      expect([...owners.keys()].toSorted()).toEqual(ours.map(({ name }) => name).toSorted())
      for (const ids of owners.values()) expect(ids.length).toBeGreaterThan(0)
    })
  })

  it('an endpoint stays with a grant for its life, whoever else comes and goes, also when its rule was taken away', () => {
    fc.assert(
      fc.property(facts, facts, presentNat, fc.boolean(), (first, second, present, wiped) => {
        const after = afterPass(first, present)
        const known = endpointsOf(first, after)
        const [kept, ...gone] = first.grants
        if (kept === undefined || known.get(kept.grantId) === null) return
        const coming = second.grants.map((grant, index) => ({ ...grant, grantId: `later-${String(index)}` }))
        const later: BoundaryFacts = {
          ...first,
          grants: [{ ...kept, endpoint: known.get(kept.grantId) ?? null }, ...coming],
        }
        const shown = wiped ? after.filter((rule) => !isOurs(rule)) : after
        expect(endpointsOf(later, afterPass(later, shown)).get(kept.grantId)).toEqual(known.get(kept.grantId))
        expect(gone.length).toBe(first.grants.length - 1)
      }),
      settings,
    )
  })

  it('no endpoint leads to two places, nor is one that a foreign rule may match', () => {
    hold((wanted, present) => {
      const after = afterPass(wanted, present)
      const leads = new Map<string, string>()
      for (const rule of after.filter(isOurs)) {
        const endpoint = `${rule.destinations.join()} ${JSON.stringify(rule.ports)}`
        const target = JSON.stringify(rule.translatesTo)
        expect(leads.get(endpoint) ?? target).toBe(target)
        leads.set(endpoint, target)
        const [port] = rule.ports
        const taken = after.some(
          (theirs) =>
            !isOurs(theirs) &&
            theirs.destinations.some((text) => rule.destinations.includes(text)) &&
            theirs.ports.some(({ first, last }) => first <= (port?.first ?? 0) && (port?.first ?? 0) <= last),
        )
        expect(taken).toBe(false)
      }
    })
  })

  it('what is left of an ended grant is said, and nothing is left after a pass', () => {
    hold((wanted, present) => {
      const before = afterPass(wanted, present)
      const ended = wanted.grants.map((grant) => ({ ...grant, closing: true }))
      const over: BoundaryFacts = { ...wanted, grants: [], ended }
      const open = verifyFirewall(wanted, showingNat(before)).filter(({ status }) => status !== 'ABSENT')
      const left = azureFirewall.remains(over, showingNat(before))
      for (const { grantId } of open) expect(left.find((one) => one.grantId === grantId)?.status).toBe('OPEN')
      const after = afterPass(over, before)
      expect(after.filter(isOurs)).toEqual([])
      for (const { status } of azureFirewall.remains(over, showingNat(after))) expect(status).toBe('ABSENT')
    })
  })

  it('the result is one that the cloud takes', () => {
    hold((wanted, present) => {
      const ours = afterPass(wanted, present).filter(isOurs)
      expect(new Set(ours.map((rule) => rule.priority)).size).toBeLessThanOrEqual(1)
      const taken = new Set(present.filter((rule) => !isOurs(rule)).map((rule) => rule.priority))
      if (!present.some(isOurs)) for (const rule of ours) expect(taken.has(rule.priority)).toBe(false)
      expect(ours.length + (wanted.publicAddresses?.length ?? 0)).toBeLessThanOrEqual(mostEndpoints)
      for (const rule of ours) {
        expect(rule.name).toMatch(/^\w(?:[\w.-]{0,78}\w)?$/)
        expect([rule.destinations, rule.ports]).toMatchObject([{ length: 1 }, { length: 1 }])
        expect(rule.ports[0]?.first).toBe(rule.ports[0]?.last)
        expect(rule.translatesTo).toBeDefined()
      }
    })
  })
})

/** What a fault in the planning could do to a rule. */
const faults: readonly ((rule: Rule) => Rule)[] = [
  (rule) => ({ ...rule, sources: ['0.0.0.0/0'] }),
  (rule) => ({ ...rule, translatesTo: { address: '10.0.0.5', port: 22 } }),
  (rule) => ({ ...rule, translatesTo: { address: '10.0.0.4', port: 23 } }),
  ({ translatesTo: _translatesTo, ...rule }) => rule,
  (rule) => ({ ...rule, ports: [{ first: 0, last: 65_535 }] }),
  (rule) => ({ ...rule, ports: [{ first: 443, last: 443 }] }),
  (rule) => ({ ...rule, destinations: ['*'] }),
  (rule) => ({ ...rule, protocol: 'ANY' }),
  (rule) => ({ ...rule, name: 'published/web' }),
]

it('whatever goes wrong in the planning, no rule of ours sends on what no live grant gives', () => {
  const mistakes = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...faults)), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(facts, presentNat, mistakes, (wanted, present, made) => {
      const { changes } = planFirewall(wanted, showingNat(present))
      const put = [...changes.put]
      for (const [nth, fault] of made) if (put.length > 0) put[nth % put.length] = fault(put[nth % put.length] as Rule)
      const guarded = guardFirewall({ ...changes, put }, present, wanted)
      const after = applyChanges(present, guarded.changes)
      const written = new Set(guarded.changes.put)
      for (const packet of packetsTo(after)) {
        const rule = translate(
          after.filter((one) => written.has(one)),
          packet,
        )
        if (rule !== null && !wanted.grants.some((grant) => gives(grant, packet, rule)))
          expect.fail(`${rule.name} sends on ${JSON.stringify(packet)}`)
      }
      expect(after.filter((rule) => !isOurs(rule))).toEqual(present.filter((rule) => !isOurs(rule)))
    }),
    settings,
  )
})
