import { createHash } from 'node:crypto'
import type { Account, Ec2Estate, Group, GroupRule, Instance, NetworkInterface, Peer } from '../resource.ts'
import type { DrawnInstance, InstanceSketch, RuleSketch, VpcSketch } from './sketch.ts'

/** What was drawn: the estate, and the ids by which tests find things. */
export interface Ec2Drawing {
  readonly estate: Ec2Estate
  readonly instances: readonly DrawnInstance[]
  /** The id of a group, by its name; of any VPC. */
  readonly groupIds: ReadonlyMap<string, string>
}

/** Draws VPCs with everything in them. The same names give the same ids. */
export function drawVpcs(accounts: readonly Account[], sketches: readonly VpcSketch[]): Ec2Drawing {
  const drawn = sketches.map(drawVpc)
  return {
    estate: {
      accounts,
      vpcs: drawn.map(({ vpc }) => vpc),
      subnets: drawn.map(({ subnet }) => subnet),
      prefixLists: drawn.flatMap(({ prefixLists }) => prefixLists),
      instances: drawn.flatMap(({ hosts }) => hosts.map(({ instance }) => instance)),
      interfaces: drawn.flatMap(({ hosts, services }) => [...hosts.flatMap(({ nics }) => nics), ...services]),
      groups: drawn.flatMap(({ groups }) => groups),
      rules: drawn.flatMap(({ rules }) => rules),
    },
    instances: drawn.flatMap(({ hosts }) =>
      hosts.map(({ sketch, instance, nics }) => ({
        name: sketch.name,
        instanceId: instance.id,
        interfaceIds: nics.map(({ id }) => id),
        vpcId: instance.vpcId,
        addresses: nics.flatMap(({ addresses, ipv6 }) => [...addresses, ...ipv6]),
      })),
    ),
    groupIds: new Map(drawn.flatMap(({ groups }) => groups.map(({ name, id }) => [name, id] as const))),
  }
}

function drawVpc(sketch: VpcSketch) {
  const { accountId, region, name, network } = sketch
  const idOf = (prefix: string, text: string) => idFrom(prefix, `${accountId} ${region} ${name} ${text}`)
  const vpc = { id: idOf('vpc', ''), accountId, region, cidr: `${network}.0.0/16`, tags: { Name: name } }
  const subnet = { id: idOf('subnet', 'a'), vpcId: vpc.id, cidr: `${network}.0.0/17`, zone: `${region}a` }
  const groupsOf = ({ name: own, groups = [own] }: InstanceSketch) => groups
  const worn = [...sketch.instances.flatMap(groupsOf), ...(sketch.services ?? []).flatMap(({ groups }) => groups)]
  const groups = [...new Set([...Object.keys(sketch.groups), ...worn])].map((group): Group => ({
    id: idOf('sg', group),
    vpcId: vpc.id,
    name: group,
    description: `of ${name}`,
    tags: {},
  }))
  const rules = groups.flatMap((group) => [
    ...(sketch.groups[group.name] ?? []).map((rule) => drawRule(rule, group, sketch, idOf)),
    allOut(group, idOf),
  ])
  let host = 10
  const hosts = sketch.instances.map((instance) => {
    const nics = Array.from({ length: instance.interfaces ?? 1 }, (_, index): NetworkInterface => {
      host += 1
      return {
        id: idOf('eni', `${instance.name} ${String(index)}`),
        vpcId: vpc.id,
        subnetId: subnet.id,
        description: '',
        attachment: { instanceId: idOf('i', instance.name), deviceIndex: index },
        requesterManaged: false,
        addresses: [`${network}.${String(host >> 8)}.${String(host & 255)}`],
        ipv6: instance.ipv6 === true ? [`2001:db8:${host.toString(16)}::4`] : [],
        publicAddress: index === 0 ? (instance.publicAddress ?? null) : null,
        groupIds: groupsOf(instance).map((group) => idOf('sg', group)),
        tags: {},
      }
    })
    return { sketch: instance, instance: drawInstance(instance, vpc.id, subnet.id, idOf('i', instance.name)), nics }
  })
  const services = (sketch.services ?? []).map((service): NetworkInterface => {
    host += 1
    const groupIds = service.groups.map((group) => idOf('sg', group))
    const about = { vpcId: vpc.id, subnetId: subnet.id, description: `ELB app/${service.name}`, tags: {}, groupIds }
    const addresses = [`${network}.${String(host >> 8)}.${String(host & 255)}`]
    return {
      id: idOf('eni', service.name),
      ...about,
      attachment: null,
      requesterManaged: true,
      addresses,
      ipv6: [],
      publicAddress: null,
    }
  })
  const prefixLists = Object.entries(sketch.prefixLists ?? {}).map(([id, cidrs]) => ({ id, accountId, region, cidrs }))
  return { vpc, subnet, groups, rules, hosts, services, prefixLists }
}

function drawInstance(sketch: InstanceSketch, vpcId: string, subnetId: string, id: string): Instance {
  const { name, os = 'Linux', state = 'running', tags = {} } = sketch
  const platformDetails = os === 'Windows' ? 'Windows' : 'Linux/UNIX'
  const launchedAt = '2026-01-12T08:00:00.000Z'
  return {
    id,
    vpcId,
    subnetId,
    state,
    platformDetails,
    instanceType: 't3.medium',
    launchedAt,
    tags: { Name: name, ...tags },
  }
}

type IdOf = (prefix: string, text: string) => string

function drawRule(sketch: RuleSketch, group: Group, { accountId, groups }: VpcSketch, idOf: IdOf): GroupRule {
  const { protocol = 'tcp', port = [-1, -1], from = '0.0.0.0/0', description = null, tags = {} } = sketch
  const [fromPort, toPort] = typeof port === 'number' ? [port, port] : port
  const peer: Peer =
    from in groups
      ? { groupId: idOf('sg', from), ownerId: accountId, peeringConnectionId: null }
      : from.startsWith('pl-')
        ? { prefixListId: from }
        : { cidr: from }
  const id = idOf('sgr', `${group.name} ${JSON.stringify(sketch)}`)
  return { id, groupId: group.id, egress: false, protocol, fromPort, toPort, peer, description, tags }
}

function allOut(group: Group, idOf: IdOf): GroupRule {
  const all = { protocol: '-1', fromPort: -1, toPort: -1, peer: { cidr: '0.0.0.0/0' } }
  return { id: idOf('sgr', `${group.name} out`), groupId: group.id, egress: true, ...all, description: null, tags: {} }
}

/** An id of EC2's form that is always the same for the same text. */
export function idFrom(prefix: string, text: string): string {
  return `${prefix}-0${createHash('sha256').update(`${prefix} ${text}`).digest('hex').slice(0, 16)}`
}
