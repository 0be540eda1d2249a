import { describe, expect, it } from 'vitest'
import { planNetworkSecurityGroup } from '../../src/firewall/network-security-group.ts'
import { afterPlan, observed } from './arbitrary.ts'
import { filler, foreignRule, grant, grantId, machine } from './rules.ts'

describe('a plan', () => {
  const input = { machines: [machine()], grants: [grant()] }

  it('opens what is granted and closes what is protected, in one go', () => {
    const { changes, owners, refused } = planNetworkSecurityGroup(input, observed([foreignRule(4_096)]))
    expect(changes.remove).toEqual([])
    expect(changes.put.map((rule) => rule.access)).toEqual(['ALLOW', 'DENY'])
    expect([...owners.values()]).toEqual([[grantId(1)]])
    expect(refused).toEqual([])
  })

  it('takes a shared rule away with the last of its grants only', () => {
    const other = grant({ grantId: grantId(2) })
    const both = afterPlan({ ...input, grants: [grant(), other] }, [])
    const one = afterPlan({ ...input, grants: [other] }, both)
    expect(one.map((rule) => rule.name)).toEqual(expect.arrayContaining(both.map((rule) => rule.name)))
    const none = planNetworkSecurityGroup({ ...input, grants: [] }, observed(one))
    expect(none.changes).toEqual({ remove: [one.find((rule) => rule.access === 'ALLOW')?.name], put: [] })
  })

  it('takes everything of ours away where nothing is protected or granted', () => {
    const present = [foreignRule(500), ...afterPlan(input, [])]
    expect(afterPlan({ machines: [], grants: [] }, present)).toEqual([foreignRule(500)])
  })

  it('repairs what somebody edited', () => {
    const before = afterPlan(input, [])
    const edited = before.map((rule) => ({ ...rule, sources: ['*'], protocol: 'ANY' as const }))
    expect(afterPlan(input, edited)).toEqual(before)
  })

  it('says which grants have no place, and owns no rule for them', () => {
    const full = planNetworkSecurityGroup(input, { rules: filler(1_000, 1_100), ruleCount: 999 })
    expect(full.changes.put.map((rule) => rule.access)).toEqual(['DENY'])
    expect(full.owners.size).toBe(0)
    expect(full.refused).toMatchObject([{ grantId: grantId(1), fault: { code: 'QUOTA_REACHED' } }])
  })

  it('takes 500 grants on ten machines', () => {
    const machines = Array.from({ length: 10 }, (_, nth) =>
      machine({ vmId: `vm-${nth}`, addresses: [`10.0.0.${nth}`] }),
    )
    const grants = Array.from({ length: 500 }, (_, nth) =>
      grant({
        grantId: grantId(nth),
        addresses: [`10.0.0.${nth % 10}`],
        sources: [`203.${nth >> 8}.113.${nth & 255}/32`],
      }),
    )
    const after = afterPlan({ machines, grants }, [])
    expect(after).toHaveLength(501)
    expect(planNetworkSecurityGroup({ machines, grants }, observed(after)).changes.put).toEqual([])
  })
})
