import { describe, expect, it } from 'vitest'
import { readDescription } from '../../../src/firewall/describe.ts'
import { isNothing } from '../../../src/firewall/parts.ts'
import { planSecurityGroup } from '../../../src/firewall/security-group/plan.ts'
import { verifyGroup } from '../../../src/firewall/security-group/read.ts'
import { securityGroup } from '../../../src/firewall/security-group/ways.ts'
import { grant, grantId, machine } from '../rules.ts'
import { afterPass, facts, groupRule, interfaceWith } from './interface.ts'

const bare = interfaceWith([], [], { ours: 'NONE' })

describe('the plan for the security groups of an interface', () => {
  it('puts our group on for the first grant, with a rule for each source that says how long it may stand', () => {
    const { changes, owners, refused } = planSecurityGroup(
      facts({ grants: [grant({ sources: ['203.0.113.7/32', '198.51.100.0/24'] })] }),
      bare,
    )
    expect(changes.groups?.ours).toBe('WEAR')
    expect(changes.put.map(({ sources }) => sources.join()).toSorted()).toEqual(['198.51.100.0/24', '203.0.113.7/32'])
    for (const rule of changes.put) {
      expect(rule).toMatchObject({ access: 'ALLOW', protocol: 'TCP', ports: [{ first: 22, last: 22 }] })
      expect(readDescription(rule)).toEqual({ grantId: grantId(1), endsAtMs: Date.parse(grant().endsAt) })
      // What EC2 takes in the description of a rule, and how much of it.
      expect(rule.description).toMatch(/^[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/)
      expect(owners.get(rule.name)).toEqual([grantId(1)])
    }
    expect(refused).toEqual([])
  })

  it('writes ANY as TCP and UDP: the word for all protocols would open all ports', () => {
    const { changes } = planSecurityGroup(facts({ grants: [grant({ protocol: 'ANY' })] }), bare)
    expect(changes.put.map(({ protocol }) => protocol).toSorted()).toEqual(['TCP', 'UDP'])
  })

  it('has nothing to write for a machine that is under JIT and not asked for', () => {
    expect(isNothing(planSecurityGroup(facts({ machines: [machine()] }), bare).changes)).toBe(true)
  })

  it('takes a shared rule away with the last of its grants only, and lets it say who is left', () => {
    const other = grant({ grantId: grantId(2), endsAt: '2026-01-01T11:00:00.000Z' })
    const both = afterPass(facts({ grants: [grant(), other] }), bare)
    expect(both.rules.map(({ description }) => description)).toEqual([
      `JIT Gateway grant ${grantId(1)} until ${grant().endsAt} and 1 more.`,
    ])
    const one = afterPass(facts({ grants: [other], ended: [{ ...grant(), closing: true }] }), both)
    expect(one.rules).toMatchObject([{ description: `JIT Gateway grant ${grantId(2)} until ${other.endsAt}.` }])
    const none = planSecurityGroup(facts({ machines: [machine()], ended: [{ ...other, closing: true }] }), one)
    expect(none.changes).toEqual({ remove: [one.rules[0]?.name], put: [] })
  })

  it('takes a rule for what it is when others stand in our group: it goes unless a grant gives it', () => {
    const open = afterPass(facts({ grants: [grant()] }), bare)
    const [own] = open.rules
    const wider = { ...own!, name: 'JitGateway-Allow-wider', sources: ['0.0.0.0/0'] }
    const { changes } = planSecurityGroup(facts({ grants: [grant()] }), { ...open, rules: [own!, wider] })
    expect(changes).toEqual({ remove: [wider.name], put: [] })
  })

  it('takes away for sure what an ended grant may have opened, though the reading does not show it', () => {
    const ended = [{ ...grant(), closing: true }]
    const { changes } = planSecurityGroup(facts({ machines: [machine()], ended }), interfaceWith([]))
    expect(changes.groups?.unseen).toMatchObject([{ protocol: 'TCP', sources: ['203.0.113.7/32'] }])
    const shared = facts({ grants: [grant({ grantId: grantId(2) })], ended })
    expect(planSecurityGroup(shared, afterPass(shared, bare)).changes.groups).toBeUndefined()
    expect(isNothing(planSecurityGroup(facts({ machines: [machine()], ended }), bare).changes)).toBe(true)
  })

  it('dissolves our group once nothing is protected or granted, unless the interface would wear none', () => {
    const idle = interfaceWith([groupRule()])
    expect(planSecurityGroup(facts(), idle).changes.groups?.ours).toBe('DISSOLVE')
    expect(isNothing(planSecurityGroup(facts({ machines: [machine()] }), idle).changes)).toBe(true)
    expect(isNothing(planSecurityGroup(facts(), interfaceWith([], [], { removable: false })).changes)).toBe(true)
  })

  it('opens nothing through a group that another interface wears, and says so', () => {
    const shown = interfaceWith([], [], { strangers: ['eni-other'] })
    const { changes, refused } = planSecurityGroup(facts({ grants: [grant()] }), shown)
    expect(changes.put).toEqual([])
    expect(refused).toMatchObject([{ grantId: grantId(1), fault: { code: 'GROUP_SHARED' } }])
    expect(refused[0]?.fault.message).toContain('eni-other')
    const idle = interfaceWith([], [], { strangers: ['eni-other'], ours: 'IDLE' })
    expect(isNothing(planSecurityGroup(facts({ grants: [grant()] }), idle).changes)).toBe(true)
  })

  it('says which grants have no address in common with their sources', () => {
    const grants = [grant({ sources: ['2001:db8::7/128'] })]
    expect(planSecurityGroup(facts({ grants }), bare)).toMatchObject({
      changes: { remove: [], put: [] },
      refused: [{ grantId: grantId(1), fault: { code: 'NO_ADDRESS_IN_COMMON' } }],
    })
  })
})

describe('what an interface shows of a grant', () => {
  const asked = facts({ grants: [grant({ protocol: 'ANY', sources: ['203.0.113.7/32', '198.51.100.0/24'] })] })
  const open = afterPass(asked, bare)

  it('is open by all of its rules, in a group that is worn', () => {
    expect(verifyGroup(asked, open)).toMatchObject([
      { status: 'OPEN', ruleName: expect.stringMatching(/^JitGateway-/) },
    ])
    for (const lost of open.rules)
      expect(verifyGroup(asked, { ...open, rules: open.rules.filter((rule) => rule !== lost) })).toMatchObject([
        { status: 'ABSENT' },
      ])
    const taken = { ...open, groups: { ...open.groups!, ours: 'IDLE' as const } }
    expect(verifyGroup(asked, taken)).toMatchObject([{ status: 'ABSENT' }])
  })

  it('has drifted when any of its rules, or the group, is gone', () => {
    const known = [{ grantId: grantId(1), ruleName: verifyGroup(asked, open)[0]?.ruleName ?? '' }]
    expect(securityGroup.drift({ ...asked, known }, open)).toEqual([])
    for (const lost of open.rules) {
      const rules = open.rules.filter((rule) => rule !== lost)
      expect(securityGroup.drift({ ...asked, known }, { ...open, rules })).toEqual([
        { grantId: grantId(1), ruleName: lost.name, change: 'REMOVED' },
      ])
    }
    const taken = { ...open, groups: { ...open.groups!, ours: 'IDLE' as const } }
    expect(securityGroup.drift({ ...asked, known }, taken)).toHaveLength(1)
    expect(securityGroup.drift({ ...facts(), known }, taken)).toEqual([])
  })

  it('is still open after its end while a rule of ours stands that no live grant gives', () => {
    const ended = [{ ...asked.grants[0]!, closing: true }]
    expect(securityGroup.remains(facts({ ended }), open)).toMatchObject([{ status: 'OPEN' }])
    const other = { ...asked.grants[0]!, grantId: grantId(2) }
    expect(securityGroup.remains(facts({ ended, grants: [other] }), open)).toMatchObject([{ status: 'SHARED' }])
    expect(securityGroup.remains(facts({ ended }), bare)).toMatchObject([{ status: 'ABSENT' }])
  })

  it('is exposed by a foreign rule, which is named by its group and its id', () => {
    const shown = interfaceWith([groupRule({ fromPort: 0, toPort: 1_023 })])
    expect(securityGroup.shadows(facts({ machines: [machine()] }), shown)).toEqual([
      { vmId: 'vm-1', port: 22, protocol: 'TCP', ruleName: 'sg-web/sgr-1' },
    ])
    for (const source of [
      { prefixListId: 'pl-1' },
      { referencedGroupId: 'sg-2', ownerId: null, peeringConnectionId: null },
    ])
      expect(
        securityGroup.shadows(facts({ machines: [machine()] }), interfaceWith([groupRule({ source })])),
      ).toHaveLength(1)
    const ping = interfaceWith([groupRule({ protocol: 'icmp', fromPort: -1, toPort: -1 })])
    expect(securityGroup.shadows(facts({ machines: [machine()] }), ping)).toEqual([])
  })
})
