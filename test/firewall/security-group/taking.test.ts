import { describe, expect, it } from 'vitest'
import { planSecurityGroup } from '../../../src/firewall/security-group/plan.ts'
import { machine } from '../rules.ts'
import { afterPass, facts, groupRule, interfaceWith } from './interface.ts'

const strict = machine({ closesForeignRules: true })

describe('a foreign rule that admits a protected port', () => {
  const shown = interfaceWith([groupRule()])

  it('stays where the policy does not say that such rules are taken away', () => {
    expect(planSecurityGroup(facts({ machines: [machine()] }), shown).changes).toEqual({ remove: [], put: [] })
  })

  it('is taken away where the policy does', () => {
    expect(planSecurityGroup(facts({ machines: [strict] }), shown).changes.groups?.take).toEqual([groupRule()])
  })

  it.each([
    ['other ports too', { fromPort: 20, toPort: 25 }],
    ['every port', { fromPort: 0, toPort: 65_535 }],
    ['every protocol', { protocol: '-1', fromPort: -1, toPort: -1 }],
    ['another protocol', { protocol: 'udp' }],
    ['no port at all', { protocol: 'icmp', fromPort: 8, toPort: -1 }],
  ])('stays when it admits %s: somebody may live by that', (_, given) => {
    const wide = interfaceWith([groupRule(given)])
    expect(planSecurityGroup(facts({ machines: [strict] }), wide).changes.groups).toBeUndefined()
  })

  it('is taken away with a range of ports that are all protected', () => {
    const winRm = [5985, 5986].map((port) => ({ port, protocol: 'TCP' as const }))
    const range = interfaceWith([groupRule({ fromPort: 5985, toPort: 5986 })])
    const plan = (ports: typeof winRm) =>
      planSecurityGroup(facts({ machines: [machine({ ports, closesForeignRules: true })] }), range)
    expect(plan(winRm).changes.groups?.take).toHaveLength(1)
    expect(plan(winRm.slice(0, 1)).changes.groups).toBeUndefined()
  })

  it('is written again as it was when the policy no longer says so, or is gone', () => {
    const without = interfaceWith([])
    for (const machines of [[], [machine()], [machine({ ...strict, ports: [{ port: 3389, protocol: 'TCP' }] })]])
      expect(planSecurityGroup(facts({ machines, taken: [groupRule()] }), without).changes.groups?.giveBack).toEqual([
        groupRule(),
      ])
    const kept = planSecurityGroup(facts({ machines: [strict], taken: [groupRule()] }), without)
    expect(kept.changes).toEqual({ remove: [], put: [] })
  })

  it('is not written again when somebody else did', () => {
    const again = interfaceWith([groupRule({ ruleId: 'sgr-2', description: 'mine now' })])
    const { changes } = planSecurityGroup(facts({ machines: [machine()], taken: [groupRule()] }), again)
    expect(changes).toEqual({ remove: [], put: [] })
  })

  it('comes back by the way it went', () => {
    const gone = afterPass(facts({ machines: [strict] }), shown)
    expect(gone.rules).toEqual([])
    expect(afterPass(facts({ taken: [groupRule()] }), gone).rules).toEqual(shown.rules)
  })
})
