import { attachedInterfaces } from '../attached.ts'
import type { Ec2Answer, Ec2Call, Place } from '../call.ts'
import { notFound } from '../fault.ts'
import { filtered, type Looks } from '../filter.ts'
import { pageOf, refuseIdsWithPages } from '../page.ts'
import type { Group, GroupRule, Instance, NetworkInterface } from '../resource.ts'
import { showGroup, showInstance, showInterface, showRule } from '../show.ts'
import type { Ec2World, Tables } from '../world.ts'
import type { Xml } from '../wire/xml.ts'

/** What describing needs. */
export interface Describing {
  readonly world: Ec2World
  /** Entries of a page at most. */
  readonly pageSize: number
}

export function describeRegions({ world }: Describing, { accountId }: Ec2Call): Ec2Answer {
  const regions = world.accounts.get(accountId)?.regions ?? []
  const shown = regions.map((regionName) => ({
    regionName,
    regionEndpoint: `ec2.${regionName}.amazonaws.com`,
    optInStatus: 'opt-in-not-required',
  }))
  return { body: { regionInfo: shown } }
}

export function describeInstances(parts: Describing, call: Ec2Call): Ec2Answer {
  const tables = parts.world.shown()
  const nics = attachedInterfaces(tables)
  const { items, nextToken } = listed(parts, call, {
    items: tables.instances,
    vpcOf: ({ vpcId }: Instance) => vpcId,
    ids: ['InstanceId', 'instance'],
    looks: {
      'instance-state-name': ({ state }) => [state],
      'vpc-id': ({ vpcId }) => [vpcId],
      'instance-id': ({ id }) => [id],
    },
  })
  const reservations = items.map((instance) => ({
    reservationId: `r-${instance.id.slice(2)}`,
    ownerId: call.accountId,
    groupSet: [],
    instancesSet: [showInstance(tables, instance, nics.get(instance.id) ?? [])],
  }))
  return { body: { reservationSet: reservations, nextToken } }
}

export function describeNetworkInterfaces(parts: Describing, call: Ec2Call): Ec2Answer {
  const tables = parts.world.shown()
  const { items, nextToken } = listed(parts, call, {
    items: tables.interfaces,
    vpcOf: ({ vpcId }: NetworkInterface) => vpcId,
    ids: ['NetworkInterfaceId', 'interface'],
    looks: {
      'network-interface-id': ({ id }) => [id],
      'group-id': ({ groupIds }) => groupIds,
      'vpc-id': ({ vpcId }) => [vpcId],
      'attachment.instance-id': ({ attachment }) => (attachment === null ? [] : [attachment.instanceId]),
    },
  })
  return { body: { networkInterfaceSet: items.map((nic) => showInterface(tables, nic)), nextToken } }
}

export function describeSecurityGroups(parts: Describing, call: Ec2Call): Ec2Answer {
  const tables = parts.world.shown()
  const { items, nextToken } = listed(parts, call, {
    items: tables.groups,
    vpcOf: ({ vpcId }: Group) => vpcId,
    ids: ['GroupId', 'group'],
    looks: { 'group-id': ({ id }) => [id], 'group-name': ({ name }) => [name], 'vpc-id': ({ vpcId }) => [vpcId] },
  })
  return { body: { securityGroupInfo: items.map((group) => showGroup(tables, group)), nextToken } }
}

export function describeSecurityGroupRules(parts: Describing, call: Ec2Call): Ec2Answer {
  const tables = parts.world.shown()
  const { items, nextToken } = listed(parts, call, {
    items: tables.rules,
    vpcOf: ({ groupId }: GroupRule) => tables.groups.get(groupId)?.vpcId ?? '',
    ids: ['SecurityGroupRuleId', 'groupRule'],
    looks: { 'group-id': ({ groupId }) => [groupId], 'security-group-rule-id': ({ id }) => [id] },
  })
  return { body: { securityGroupRuleSet: items.map((rule): Xml => showRule(tables, rule)), nextToken } }
}

/** Whether what is in a VPC can be seen and changed at a place. */
export function isAt({ vpcs }: Tables, vpcId: string, { accountId, region }: Place): boolean {
  const vpc = vpcs.get(vpcId)
  return vpc?.accountId === accountId && vpc.region === region
}

interface Listing<Item> {
  readonly items: ReadonlyMap<string, Item>
  readonly vpcOf: (item: Item) => string
  /** The parameter by which ids are asked for, and what they name. */
  readonly ids: readonly [string, Parameters<typeof notFound>[0]]
  readonly looks: Looks<Item>
}

/** The page of the resources of a kind that a call asks for, by ids or by filters; an id that names none is refused. */
function listed<Item extends { readonly id: string; readonly tags?: Readonly<Record<string, string>> }>(
  { world, pageSize }: Describing,
  call: Ec2Call,
  { items, vpcOf, ids: [parameter, kind], looks }: Listing<Item>,
) {
  const tables = world.shown()
  const ids = call.query.texts(parameter)
  refuseIdsWithPages(call.query, ids)
  const here = [...items.values()].filter((item) => isAt(tables, vpcOf(item), call))
  const missed = ids.find((id) => !here.some((item) => item.id === id))
  if (missed !== undefined) throw notFound(kind, missed)
  const asked = ids.length === 0 ? here : here.filter(({ id }) => ids.includes(id))
  return pageOf(filtered(asked, call.query, looks), call.query, pageSize)
}
