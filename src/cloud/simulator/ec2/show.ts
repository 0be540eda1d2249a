import { createHash } from 'node:crypto'
import type { Group, GroupRule, Instance, NetworkInterface, Tags } from './resource.ts'
import type { Xml } from './wire/xml.ts'
import type { Tables } from './world.ts'

/** Codes of EC2's states of instances. */
const states: Readonly<Record<string, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
}

/** `nics` are its interfaces, the primary one first. */
export function showInstance(tables: Tables, instance: Instance, nics: readonly NetworkInterface[]): Xml {
  const isGone = instance.state === 'terminated'
  const [primary] = nics
  return {
    instanceId: instance.id,
    imageId: 'ami-0a1b2c3d4e5f60718',
    instanceState: { code: states[instance.state] ?? 16, name: instance.state },
    instanceType: instance.instanceType,
    launchTime: instance.launchedAt,
    placement: { availabilityZone: tables.subnets.get(instance.subnetId)?.zone, tenancy: 'default' },
    ...(instance.platformDetails.startsWith('Windows') ? { platform: 'windows' } : {}),
    platformDetails: instance.platformDetails,
    privateIpAddress: primary?.addresses[0],
    ipAddress: primary?.publicAddress ?? undefined,
    ...(isGone ? {} : { subnetId: instance.subnetId, vpcId: instance.vpcId }),
    groupSet: (primary?.groupIds ?? []).map((id) => showGroupName(tables, id)),
    networkInterfaceSet: nics.map((nic) => showInterface(tables, nic)),
    tagSet: showTags(instance.tags),
    metadataOptions: { state: 'applied', httpTokens: 'required' },
  }
}

export function showInterface(tables: Tables, nic: NetworkInterface): Xml {
  const accountId = tables.vpcs.get(nic.vpcId)?.accountId
  const association = nic.publicAddress === null ? undefined : { publicIp: nic.publicAddress, ipOwnerId: accountId }
  return {
    networkInterfaceId: nic.id,
    subnetId: nic.subnetId,
    vpcId: nic.vpcId,
    availabilityZone: tables.subnets.get(nic.subnetId)?.zone,
    description: nic.description,
    ownerId: accountId,
    requesterManaged: nic.requesterManaged,
    status: nic.attachment === null && !nic.requesterManaged ? 'available' : 'in-use',
    privateIpAddress: nic.addresses[0],
    groupSet: nic.groupIds.map((id) => showGroupName(tables, id)),
    attachment:
      nic.attachment === null
        ? undefined
        : {
            attachmentId: `eni-attach-${hexOf(nic.id)}`,
            instanceId: nic.attachment.instanceId,
            instanceOwnerId: accountId,
            deviceIndex: nic.attachment.deviceIndex,
            networkCardIndex: 0,
            status: 'attached',
          },
    association,
    privateIpAddressesSet: nic.addresses.map((address, index) => ({
      privateIpAddress: address,
      primary: index === 0,
      ...(index === 0 && association !== undefined ? { association } : {}),
    })),
    ipv6AddressesSet: nic.ipv6.map((address) => ({ ipv6Address: address })),
    tagSet: showTags(nic.tags),
    interfaceType: 'interface',
  }
}

export function showGroup(tables: Tables, group: Group): Xml {
  return {
    groupId: group.id,
    groupName: group.name,
    groupDescription: group.description,
    vpcId: group.vpcId,
    ownerId: tables.vpcs.get(group.vpcId)?.accountId,
    tagSet: showTags(group.tags),
  }
}

export function showRule(tables: Tables, rule: GroupRule): Xml {
  const { peer } = rule
  const vpcId = tables.groups.get(rule.groupId)?.vpcId ?? ''
  return {
    securityGroupRuleId: rule.id,
    groupId: rule.groupId,
    groupOwnerId: tables.vpcs.get(vpcId)?.accountId,
    isEgress: rule.egress,
    ipProtocol: rule.protocol,
    fromPort: rule.fromPort,
    toPort: rule.toPort,
    ...('cidr' in peer ? { [peer.cidr.includes(':') ? 'cidrIpv6' : 'cidrIpv4']: peer.cidr } : {}),
    ...('prefixListId' in peer ? { prefixListId: peer.prefixListId } : {}),
    ...('groupId' in peer
      ? {
          referencedGroupInfo: {
            groupId: peer.groupId,
            userId: peer.ownerId,
            vpcPeeringConnectionId: peer.peeringConnectionId ?? undefined,
          },
        }
      : {}),
    description: rule.description ?? undefined,
    tagSet: showTags(rule.tags),
  }
}

export function showTags(tags: Tags): Xml {
  return Object.entries(tags).map(([key, value]) => ({ key, value }))
}

function showGroupName({ groups }: Tables, id: string): Xml {
  return { groupId: id, groupName: groups.get(id)?.name }
}

const hexOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 17)
