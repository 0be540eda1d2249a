import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePrefix, prefixContains, type Prefix } from '../../src/access/prefix.ts'
import type { BoundaryInput } from '../../src/firewall/input.ts'
import { planNetworkSecurityGroup } from '../../src/firewall/network-security-group.ts'
import { isOurs, type Rule } from '../../src/firewall/rule.ts'
import { shadowsOf } from '../../src/firewall/shadow.ts'
import { verifyGrants } from '../../src/firewall/verify.ts'
import { afterPlan, input, membership, observed, packetSources, presentRules } from './arbitrary.ts'
import { isIn, walkOf, type Packet } from './packet.ts'

/** Every run draws the same worlds; a failing one is printed and can be written down as an example. */
const settings = { seed: 20260101, numRuns: 130 }
const hold = (check: (wanted: BoundaryInput, present: Rule[], tags: ReadonlySet<string>) => void) => {
  fc.assert(fc.property(input, presentRules, membership, check), settings)
}

describe('whatever a boundary shows and whatever is asked of it', () => {
  it('planning on top of what a plan left behind changes nothing', () => {
    hold((wanted, present) => {
      const after = afterPlan(wanted, present)
      expect(planNetworkSecurityGroup(wanted, observed(after)).changes).toEqual({ remove: [], put: [] })
    })
  })

  it('the order of machines, addresses, grants, sources and rules means nothing', () => {
    hold((wanted, present) => {
      const turned: BoundaryInput = {
        machines: wanted.machines.toReversed().map((machine) => ({
          ...machine,
          addresses: machine.addresses.toReversed(),
          ports: machine.ports.toReversed(),
        })),
        grants: wanted.grants.toReversed().map((grant) => ({
          ...grant,
          addresses: grant.addresses.toReversed(),
          sources: grant.sources.toReversed(),
        })),
      }
      const plan = planNetworkSecurityGroup(wanted, observed(present))
      expect(planNetworkSecurityGroup(turned, observed(present.toReversed()))).toEqual(plan)
    })
  })

  it('foreign rules stay as they are', () => {
    hold((wanted, present) => {
      const foreign = (rules: readonly Rule[]) => rules.filter((rule) => !isOurs(rule))
      expect(foreign(afterPlan(wanted, present))).toEqual(foreign(present))
    })
  })

  it('an allow of ours stands for live grants and admits what one of them gives', () => {
    hold((wanted, present) => {
      const plan = planNetworkSecurityGroup(wanted, observed(present))
      const allows = afterPlan(wanted, present).filter((rule) => isOurs(rule) && rule.access === 'ALLOW')
      for (const rule of allows) {
        const owners = wanted.grants.filter(({ grantId }) => plan.owners.get(rule.name)?.includes(grantId))
        expect(owners.length).toBeGreaterThan(0)
        expect(owners).toHaveLength(plan.owners.get(rule.name)?.length ?? 0)
        for (const owner of owners) {
          expect(areInside(rule.sources, owner.sources)).toBe(true)
          expect(areInside(rule.destinations, owner.addresses)).toBe(true)
          expect(rule).toMatchObject({ protocol: owner.protocol, ports: [{ first: owner.port, last: owner.port }] })
        }
      }
      expect([...plan.owners.keys()].toSorted()).toEqual(allows.map(({ name }) => name).toSorted())
    })
  })

  it('nobody is cut off while granted: what is proven OPEN is admitted, and only a foreign deny stops the rest', () => {
    hold((wanted, present, tags) => {
      const plan = planNetworkSecurityGroup(wanted, observed(present))
      const after = afterPlan(wanted, present)
      const decide = walkOf(after, tags)
      const evidence = new Map(verifyGrants(wanted, after).map((one) => [one.grantId, one]))
      for (const grant of wanted.grants) {
        if (plan.refused.some(({ grantId }) => grantId === grant.grantId)) continue
        const { status, blockedBy } = evidence.get(grant.grantId) ?? {}
        expect(status).not.toBe('ABSENT')
        if (status === 'BLOCKED') expect(isOurs({ name: blockedBy ?? '' })).toBe(false)
        for (const packet of packets(grant.addresses, grant))
          if (isFrom(packet.source, grant.sources)) {
            const rule = decide(packet)
            if (status === 'OPEN') expect(rule?.access).toBe('ALLOW')
            else if (rule?.access === 'DENY') expect(isOurs(rule)).toBe(false)
          }
      }
    })
  })

  it('a grant that had a rule of its own has one after the plan', () => {
    hold((wanted, present) => {
      const before = verifyGrants(wanted, present).filter(({ status }) => status === 'OPEN')
      const after = new Map(verifyGrants(wanted, afterPlan(wanted, present)).map((one) => [one.grantId, one]))
      for (const { grantId } of before) expect(after.get(grantId)?.status).not.toBe('ABSENT')
    })
  })

  it('a protected port refuses whoever holds no grant, or is said to be shadowed', () => {
    hold((wanted, present, tags) => {
      const after = afterPlan(wanted, present)
      const decide = walkOf(after, tags)
      const shadows = shadowsOf(wanted.machines, after)
      for (const machine of wanted.machines)
        for (const port of machine.ports) {
          const isShadowed = shadows.some(
            (one) => one.vmId === machine.vmId && one.port === port.port && one.protocol === port.protocol,
          )
          for (const packet of packets(machine.addresses, port)) {
            const rule = decide(packet)
            if (rule?.access === 'DENY' || isShadowed) continue
            const covering = wanted.grants.filter(
              (grant) =>
                grant.port === packet.port &&
                (grant.protocol === 'ANY' || grant.protocol === packet.protocol) &&
                grant.addresses.includes(packet.destination) &&
                isFrom(packet.source, grant.sources),
            )
            if (covering.length === 0) expect.fail(`${rule?.name} admits ${JSON.stringify(packet)}`)
          }
        }
    })
  })

  it('the result is one that the cloud takes', () => {
    hold((wanted, present) => {
      const after = afterPlan(wanted, present)
      expect(new Set(after.map((rule) => rule.priority)).size).toBe(after.length)
      expect(new Set(after.map((rule) => rule.name.toLowerCase())).size).toBe(after.length)
      for (const rule of after.filter(isOurs)) {
        expect(rule.name).toMatch(/^\w(?:[\w.-]{0,78}\w)?$/)
        expect(rule.description.length).toBeLessThanOrEqual(140)
        expect(rule.priority).toBeGreaterThanOrEqual(100)
        expect(rule.priority).toBeLessThanOrEqual(4_096)
        const families = [...rule.sources, ...rule.destinations].filter((text) => text !== '*').map(isV6)
        expect(new Set(families).size).toBe(1)
        expect(rule.destinations).toEqual([...new Set(rule.destinations)])
        expect(rule.sources).toEqual([...new Set(rule.sources)])
      }
    })
  })
})

const isV6 = (text: string) => text.includes(':')

const areInside = (texts: readonly string[], outer: readonly string[]) =>
  texts.map(read).every((prefix) => outer.map(read).some((other) => prefixContains(other, prefix)))

function read(text: string): Prefix {
  const prefix = parsePrefix(text)
  if ('fault' in prefix) throw new Error(prefix.fault)
  return prefix
}

function packets(addresses: readonly string[], to: { readonly port: number; readonly protocol: string }): Packet[] {
  return addresses.flatMap((destination) =>
    packetSources
      .filter((source) => isV6(source) === isV6(destination))
      .flatMap((source) =>
        (['TCP', 'UDP'] as const)
          .filter((protocol) => to.protocol === 'ANY' || to.protocol === protocol)
          .map((protocol) => ({ source, destination, port: to.port, protocol })),
      ),
  )
}

const isFrom = (source: string, sources: readonly string[]) => sources.some((text) => isIn(source, text))
