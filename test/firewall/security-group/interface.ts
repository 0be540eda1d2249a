import { applyChanges } from '../../../src/firewall/diff.ts'
import type { BoundaryFacts } from '../../../src/firewall/input.ts'
import type { Rule } from '../../../src/firewall/rule.ts'
import { foreignName, placeOf, toRule, type GroupRule } from '../../../src/firewall/security-group/group-rule.ts'
import type { GroupsShown } from '../../../src/firewall/security-group/groups-shown.ts'
import { planSecurityGroup } from '../../../src/firewall/security-group/plan.ts'
import type { Shown } from '../../../src/firewall/shown.ts'
import { isIn, type Packet } from '../packet.ts'

/** A foreign rule that lets everybody to SSH, but for what a test says of it. */
export function groupRule(given: Partial<GroupRule> = {}): GroupRule {
  return {
    groupId: 'sg-web',
    ruleId: 'sgr-1',
    protocol: 'tcp',
    fromPort: 22,
    toPort: 22,
    source: { cidr: '0.0.0.0/0' },
    description: 'as we always did',
    tags: { team: 'web' },
    ...given,
  }
}

/** What an interface shows that wears these foreign rules' group, and ours with these rules unless said otherwise. */
export function interfaceWith(
  foreign: readonly GroupRule[],
  ours: readonly Rule[] = [],
  given: Partial<GroupsShown> = {},
): Shown {
  return {
    kind: 'SECURITY_GROUP',
    rules: [...foreign.map((rule) => toRule(rule, false)), ...ours],
    ruleCount: foreign.length + ours.length,
    groups: { ours: 'WORN', strangers: [], removable: true, foreignGroupIds: ['sg-web'], foreign, ...given },
  }
}

/** The facts of a pass, empty but for what a test gives. */
export function facts(given: Partial<BoundaryFacts> = {}): BoundaryFacts {
  return { machines: [], grants: [], ended: [], known: [], ...given }
}

/** What the interface shows once everything that is planned was done, as EC2 does it. */
export function afterPass(wanted: BoundaryFacts, shown: Shown): Shown {
  const { changes } = planSecurityGroup(wanted, shown)
  const before = shown.groups as GroupsShown
  const { ours = null, take = [], giveBack = [] } = changes.groups ?? {}
  const gone = new Set(take.map(placeOf))
  const foreign = [...before.foreign.filter((rule) => !gone.has(placeOf(rule))), ...giveBack]
  const left = new Set(foreign.map(foreignName))
  const isDissolved = ours === 'DISSOLVE'
  const kept = applyChanges(shown.rules, changes).filter(({ name }) =>
    name.includes('/') ? left.has(name) : !isDissolved,
  )
  const back = giveBack
    .map((rule) => toRule(rule, false))
    .filter((rule) => !kept.some(({ name }) => name === rule.name))
  const rules = [...kept, ...back]
  return {
    ...shown,
    rules,
    ruleCount: rules.length,
    groups: { ...before, foreign, ours: ours === 'WEAR' ? 'WORN' : isDissolved ? 'NONE' : before.ours },
  }
}

/** Whether a packet passes, as AWS has it: it does when any rule of any worn group admits it. */
export function passes({ rules, groups }: Shown, packet: Omit<Packet, 'destination'>): boolean {
  return rules.some(
    (rule) =>
      (groups?.ours === 'WORN' || rule.name.includes('/')) &&
      (rule.protocol === 'ANY' || rule.protocol === packet.protocol) &&
      rule.ports.some(({ first, last }) => first <= packet.port && packet.port <= last) &&
      rule.sources.some((text) => isIn(packet.source, text)),
  )
}
