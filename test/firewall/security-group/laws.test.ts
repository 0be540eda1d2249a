import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BoundaryFacts, LiveGrant } from '../../../src/firewall/input.ts'
import { isNothing } from '../../../src/firewall/parts.ts'
import { isOurs, type Rule } from '../../../src/firewall/rule.ts'
import { planSecurityGroup } from '../../../src/firewall/security-group/plan.ts'
import { verifyGroup } from '../../../src/firewall/security-group/read.ts'
import { securityGroup } from '../../../src/firewall/security-group/ways.ts'
import type { Shown } from '../../../src/firewall/shown.ts'
import { packetSources } from '../arbitrary.ts'
import { isIn } from '../packet.ts'
import { grantId } from '../rules.ts'
import { afterPass, facts, groupRule, interfaceWith, passes } from './interface.ts'

const blocks = ['203.0.113.0/24', '203.0.113.7/32', '10.0.0.0/8', '0.0.0.0/0', '2001:db8::/32', '2001:db8::7/128']
const ports = [22, 53, 3389]
const protocol = fc.constantFrom('TCP' as const, 'UDP' as const, 'ANY' as const)
const addresses = ['10.0.0.4', 'fd00::4']

const grants: fc.Arbitrary<LiveGrant[]> = fc
  .array(
    fc.record({
      port: fc.constantFrom(...ports),
      protocol,
      sources: fc.subarray(blocks, { minLength: 1, maxLength: 3 }),
      minutes: fc.integer({ min: 5, max: 600 }),
    }),
    { maxLength: 6 },
  )
  .map((some) =>
    some.map(({ minutes, ...rest }, index) => ({
      ...rest,
      grantId: grantId(index),
      vmId: 'vm-1',
      addresses,
      endsAt: new Date(Date.UTC(2026, 0, 1) + minutes * 60_000).toISOString(),
    })),
  )

const wanted: fc.Arbitrary<BoundaryFacts> = fc
  .record({
    grants,
    isProtected: fc.boolean(),
    kept: fc.uniqueArray(fc.record({ port: fc.constantFrom(...ports), protocol }), { maxLength: 3 }),
    closesForeignRules: fc.boolean(),
    ended: grants,
  })
  .map(({ grants: live, isProtected, kept, closesForeignRules, ended }) =>
    facts({
      grants: live,
      ended: ended.map((grant, index) => ({ ...grant, grantId: grantId(100 + index), closing: true })),
      machines: isProtected ? [{ vmId: 'vm-1', addresses, ports: kept, closesForeignRules }] : [],
    }),
  )

const foreign = fc
  .uniqueArray(
    fc.record({
      protocol: fc.constantFrom('tcp', 'udp', '-1', 'icmp'),
      range: fc.constantFrom([22, 22], [22, 53], [0, 65_535]),
      cidr: fc.constantFrom(...blocks),
    }),
    { maxLength: 4, selector: (rule) => JSON.stringify(rule) },
  )
  .map((rules) =>
    rules.map(({ protocol: name, range: [fromPort = 0, toPort = 0], cidr }, index) =>
      groupRule({ ruleId: `sgr-${String(index)}`, protocol: name, fromPort, toPort, source: { cidr } }),
    ),
  )

/** An interface at some moment: foreign rules, ours from an earlier time, some lost or widened, worn or not. */
const shown: fc.Arbitrary<Shown> = fc
  .tuple(
    foreign,
    wanted,
    fc.constantFrom('WORN' as const, 'IDLE' as const),
    fc.array(fc.constantFrom('keep' as const, 'lose' as const, 'widen' as const), { maxLength: 8 }),
  )
  .map(([rules, earlier, ours, fates]) => {
    const before = afterPass({ ...earlier, machines: [] }, interfaceWith([], [], { ours: 'NONE' })).rules
    const kept = before.flatMap((rule, index): Rule[] => {
      const fate = fates[index] ?? 'keep'
      if (fate === 'lose') return []
      return fate === 'keep'
        ? [rule]
        : [{ ...rule, name: `${rule.name}-wide`, sources: ['0.0.0.0/0'], protocol: 'ANY' }]
    })
    return interfaceWith(rules, kept, kept.length === 0 ? {} : { ours })
  })

const hold = (check: (asked: BoundaryFacts, present: Shown) => void) => {
  fc.assert(fc.property(wanted, shown, check), { seed: 20260101, numRuns: 130 })
}
const packets = packetSources.flatMap((source) =>
  ports.flatMap((port) => (['TCP', 'UDP'] as const).map((carrier) => ({ source, port, protocol: carrier }))),
)
const gives = (grant: Pick<LiveGrant, 'port' | 'protocol' | 'sources'>, packet: (typeof packets)[number]) =>
  grant.port === packet.port &&
  (grant.protocol === 'ANY' || grant.protocol === packet.protocol) &&
  grant.sources.some((text) => isIn(packet.source, text))

describe('whatever an interface shows and whatever is asked of it', () => {
  it('planning on top of what a plan left behind changes nothing, once what has ended is proven', () => {
    hold((asked, present) => {
      const live = { ...asked, ended: [] }
      expect(isNothing(planSecurityGroup(live, afterPass(live, present)).changes)).toBe(true)
    })
  })

  it('the order of grants, sources and rules means nothing', () => {
    hold((asked, present) => {
      const turned = {
        ...asked,
        grants: asked.grants.toReversed().map((grant) => ({ ...grant, sources: grant.sources.toReversed() })),
      }
      const { changes, owners } = planSecurityGroup(asked, present)
      const again = planSecurityGroup(turned, { ...present, rules: present.rules.toReversed() })
      expect({ remove: again.changes.remove, put: again.changes.put, owners: again.owners }).toEqual({
        remove: changes.remove,
        put: changes.put,
        owners,
      })
    })
  })

  it('every live grant is open, and each of its packets passes', () => {
    hold((asked, present) => {
      const after = afterPass(asked, present)
      for (const evidence of verifyGroup(asked, after)) expect(evidence.status).toBe('OPEN')
      for (const packet of packets)
        if (asked.grants.some((grant) => gives(grant, packet))) expect(passes(after, packet)).toBe(true)
    })
  })

  it('what passes was granted, or is admitted by a foreign rule that is said to expose the port', () => {
    hold((asked, present) => {
      const after = afterPass(asked, present)
      const exposed = securityGroup.shadows(asked, after)
      for (const packet of packets.filter((one) => passes(after, one))) {
        if (asked.grants.some((grant) => gives(grant, packet))) continue
        const foreignOnly = { ...after, rules: after.rules.filter((rule) => !isOurs(rule)) }
        expect(passes(foreignOnly, packet)).toBe(true)
        const kept = asked.machines
          .flatMap((one) => one.ports)
          .filter((port) => gives({ ...port, sources: ['*'] }, packet))
        for (const port of kept)
          expect(exposed).toContainEqual(expect.objectContaining({ port: port.port, protocol: port.protocol }))
      }
    })
  })

  it('nobody is cut off between one plan and the next', () => {
    hold((asked, present) => {
      const open = asked.grants.filter((_, index) => verifyGroup(asked, present)[index]?.status === 'OPEN')
      const { changes } = planSecurityGroup(asked, present)
      const meanwhile = { ...present, rules: present.rules.filter(({ name }) => !changes.remove.includes(name)) }
      for (const evidence of verifyGroup({ ...asked, grants: open }, meanwhile)) expect(evidence.status).toBe('OPEN')
    })
  })

  it('foreign rules stay where the policy does not say otherwise', () => {
    hold((asked, present) => {
      if (asked.machines.some((one) => one.closesForeignRules)) return
      const foreignRules = ({ rules }: Shown) => rules.filter((rule) => !isOurs(rule))
      expect(foreignRules(afterPass(asked, present))).toEqual(foreignRules(present))
    })
  })

  it('nothing of an ended grant is left but what live ones give', () => {
    hold((asked, present) => {
      for (const { status } of securityGroup.remains(asked, afterPass(asked, present))) expect(status).not.toBe('OPEN')
    })
  })
})
