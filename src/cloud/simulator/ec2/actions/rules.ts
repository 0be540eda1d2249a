import type { Ec2Answer, Ec2Call } from '../call.ts'
import { Ec2Fault, invalid, missing, notFound } from '../fault.ts'
import { admissionOf, newId, type Group, type GroupRule, type Tags } from '../resource.ts'
import type { Ec2Settings } from '../settings.ts'
import { showRule } from '../show.ts'
import type { Query } from '../wire/query.ts'
import type { Ec2World } from '../world.ts'
import { isAt } from './describe.ts'
import { readCidr, readDescription, readPermissions, readPorts, type Asked } from './permission.ts'

export interface Writing {
  readonly world: Ec2World
  readonly settings: Ec2Settings
}

/** Adds rules to a group: all of them or, when one cannot be, none. */
export function authorize({ world, settings }: Writing, call: Ec2Call, egress: boolean): Ec2Answer {
  const group = groupOf(world, call)
  const tags = readTags(call.query, 'security-group-rule')
  const added = readPermissions(call.query, call.accountId).map((asked): GroupRule => ({
    id: newId('sgr'),
    groupId: group.id,
    egress,
    tags,
    ...asked,
  }))
  checkPeers(world, added)
  checkNew(rulesOf(world, group), added, settings)
  world.commit(({ rules }) => {
    for (const rule of added) rules.set(rule.id, rule)
  })
  const shown = added.map((rule) => showRule(world.now, rule))
  return {
    body: { return: true, securityGroupRuleSet: shown },
    wrote: { action: call.action, targetId: group.id, ruleIdsAdded: added.map(({ id }) => id), ruleIdsRemoved: [] },
  }
}

/** Takes rules away, by their ids or by what they admit: all of them or, when one is not there, none. */
export function revoke({ world }: Writing, call: Ec2Call, egress: boolean): Ec2Answer {
  const group = groupOf(world, call)
  const standing = rulesOf(world, group).filter((rule) => rule.egress === egress)
  const ids = call.query.texts('SecurityGroupRuleId')
  const removed = ids.length > 0 ? ids.map((id) => byId(standing, id)) : byPermission(standing, call, group, egress)
  world.commit(({ rules }) => {
    for (const { id } of removed) rules.delete(id)
  })
  return {
    body: { return: true },
    wrote: { action: call.action, targetId: group.id, ruleIdsAdded: [], ruleIdsRemoved: removed.map(({ id }) => id) },
  }
}

/** Changes rules in place: they keep their ids. */
export function modifyRules({ world, settings }: Writing, call: Ec2Call): Ec2Answer {
  const group = groupOf(world, call)
  const standing = rulesOf(world, group)
  const changed = call.query.parts('SecurityGroupRule').map((part) => {
    const rule = byId(standing, part.text('SecurityGroupRuleId') ?? '')
    return { ...rule, ...readChange(rule, part.part('SecurityGroupRule')) }
  })
  if (changed.length === 0) throw missing('SecurityGroupRule')
  const ids = new Set(changed.map(({ id }) => id))
  checkPeers(world, changed)
  checkNew(
    standing.filter(({ id }) => !ids.has(id)),
    changed,
    settings,
  )
  world.commit(({ rules }) => {
    for (const rule of changed) rules.set(rule.id, rule)
  })
  return {
    body: { return: true },
    wrote: { action: call.action, targetId: group.id, ruleIdsAdded: [], ruleIdsRemoved: [] },
  }
}

/** The group that a call names; one elsewhere is as good as none. */
export function groupOf(world: Ec2World, { query, ...place }: Ec2Call): Group {
  const id = query.text('GroupId')
  if (id === null) throw missing('groupId')
  const group = world.now.groups.get(id)
  if (group === undefined || !isAt(world.now, group.vpcId, place)) throw notFound('group', id)
  return group
}

export function readTags(query: Query, resourceType: string): Tags {
  const specifications = query.parts('TagSpecification').filter((part) => part.text('ResourceType') === resourceType)
  const tags = specifications.flatMap((part) => part.parts('Tag'))
  return Object.fromEntries(tags.map((tag) => [tag.text('Key') ?? '', tag.text('Value') ?? '']))
}

export function rulesOf({ now }: Ec2World, group: Group): GroupRule[] {
  return [...now.rules.values()].filter(({ groupId }) => groupId === group.id)
}

function byId(standing: readonly GroupRule[], id: string): GroupRule {
  const rule = standing.find((each) => each.id === id)
  if (rule === undefined) throw notFound('groupRule', id)
  return rule
}

function byPermission(standing: readonly GroupRule[], call: Ec2Call, group: Group, egress: boolean): GroupRule[] {
  const known = new Map(standing.map((rule) => [admissionOf(rule), rule]))
  return readPermissions(call.query, call.accountId).map((asked) => {
    const rule = known.get(admissionOf({ id: '', groupId: group.id, egress, tags: {}, ...asked }))
    if (rule === undefined)
      throw new Ec2Fault('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.')
    return rule
  })
}

function readChange(rule: GroupRule, query: Query): Asked {
  const cidr = query.text('CidrIpv4') ?? query.text('CidrIpv6')
  const prefixListId = query.text('PrefixListId')
  const groupId = query.text('ReferencedGroupId')
  const { peer } = rule
  const next =
    cidr !== null && 'cidr' in peer && cidr.includes(':') === peer.cidr.includes(':')
      ? { cidr: readCidr(cidr) }
      : prefixListId !== null && 'prefixListId' in peer
        ? { prefixListId }
        : groupId !== null && 'groupId' in peer
          ? { ...peer, groupId }
          : null
  if (next === null) throw invalid(`You may not change the type of the source of ${rule.id}`)
  return { ...readPorts(query), peer: next, description: readDescription(query) }
}

function checkPeers({ now }: Ec2World, rules: readonly GroupRule[]): void {
  for (const { peer } of rules) {
    if ('groupId' in peer && !now.groups.has(peer.groupId)) throw notFound('group', peer.groupId)
    if ('prefixListId' in peer && !now.prefixLists.has(peer.prefixListId))
      throw new Ec2Fault('InvalidPrefixListID.NotFound', `The prefix list ID '${peer.prefixListId}' does not exist`)
  }
}

/** Refuses rules that stand already, or for which the group has no room: both families are counted apart. */
function checkNew(standing: readonly GroupRule[], added: readonly GroupRule[], { rulesPerGroup }: Ec2Settings): void {
  const known = new Set(standing.map(admissionOf))
  for (const rule of added) {
    if (known.has(admissionOf(rule))) {
      const peer =
        'cidr' in rule.peer ? rule.peer.cidr : 'groupId' in rule.peer ? rule.peer.groupId : rule.peer.prefixListId
      throw new Ec2Fault(
        'InvalidPermission.Duplicate',
        `the specified rule "peer: ${peer}, ${rule.protocol.toUpperCase()}, from port: ${String(rule.fromPort)}, to port: ${String(rule.toPort)}, ALLOW" already exists`,
      )
    }
    known.add(admissionOf(rule))
  }
  const families = (rule: GroupRule) =>
    'cidr' in rule.peer ? [rule.peer.cidr.includes(':') ? 'v6' : 'v4'] : ['v4', 'v6']
  const counts = new Map<string, number>()
  for (const rule of [...standing, ...added])
    for (const family of families(rule)) {
      const key = `${rule.egress ? 'out' : 'in'} ${family}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  if ([...counts.values()].some((count) => count > rulesPerGroup))
    throw new Ec2Fault(
      'RulesPerSecurityGroupLimitExceeded',
      'The maximum number of rules per security group has been reached.',
    )
}
