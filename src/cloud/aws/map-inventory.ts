import type { Instance, InstanceNetworkInterface } from '@aws-sdk/client-ec2'
import type { OperatingSystem, PowerState } from '../../access/words.ts'
import type { FoundBoundary, FoundInterface, FoundVirtualMachine } from '../port.ts'
import type { RegionGroups } from './inventory.ts'
import { readTags } from './map-rule.ts'
import { instancePath, interfacePath, resourceGroupIn, subnetPath, type Place } from './place.ts'
import { rulesSeen } from './read-interfaces.ts'
import { observationOf } from './seen.ts'

export function readInstance(place: Place, raw: Instance): FoundVirtualMachine {
  const { InstanceId = '', VpcId = '' } = raw
  const tags = readTags(raw.Tags)
  return {
    id: instancePath(place, VpcId, InstanceId),
    name: tags['Name'] === undefined || tags['Name'] === '' ? InstanceId : tags['Name'],
    resourceGroup: resourceGroupIn(place.region, VpcId),
    location: place.region,
    classic: false,
    os: readSystem(raw),
    // EC2 puts a key into an image, and does not say whose it is there.
    adminUserName: null,
    power: powers[raw.State?.Name ?? ''] ?? 'UNKNOWN',
    tags,
    interfaces: attached(raw).map((nic) => ({
      id: interfaceId(place, VpcId, nic),
      primary: nic.Attachment?.DeviceIndex === 0 && (nic.Attachment.NetworkCardIndex ?? 0) === 0,
    })),
  }
}

const powers: Readonly<Record<string, PowerState>> = {
  pending: 'STARTING',
  running: 'RUNNING',
  'shutting-down': 'STOPPING',
  stopping: 'STOPPING',
  stopped: 'STOPPED',
}

/** Each interface of an instance is a boundary of its own: the groups that it wears. */
export function readInterfacesOf(place: Place, raw: Instance): FoundInterface[] {
  const { VpcId = '' } = raw
  return attached(raw).map((nic) => {
    const id = interfaceId(place, VpcId, nic)
    const subnetId = nic.SubnetId === undefined ? null : subnetPath(place, VpcId, nic.SubnetId)
    const v4 = (nic.PrivateIpAddresses ?? []).toSorted((left, right) => Number(right.Primary) - Number(left.Primary))
    return {
      id,
      boundaryId: id,
      configurations: [
        ...v4.map(({ PrivateIpAddress, Association }, index) => ({
          address: PrivateIpAddress ?? null,
          subnetId,
          publicAddressId: Association?.PublicIp === undefined ? null : publicAddressId(id, index),
        })),
        ...(nic.Ipv6Addresses ?? []).map(({ Ipv6Address }) => ({
          address: Ipv6Address ?? null,
          subnetId,
          publicAddressId: null,
        })),
      ],
    }
  })
}

export function readPublicAddresses(place: Place, raw: Instance): { readonly id: string; readonly address: string }[] {
  return attached(raw).flatMap((nic) => {
    const id = interfaceId(place, raw.VpcId ?? '', nic)
    const v4 = (nic.PrivateIpAddresses ?? []).toSorted((left, right) => Number(right.Primary) - Number(left.Primary))
    return v4.flatMap(({ Association }, index) =>
      Association?.PublicIp === undefined ? [] : [{ id: publicAddressId(id, index), address: Association.PublicIp }],
    )
  })
}

export function readBoundaries(place: Place, raw: Instance, { rules, ours }: RegionGroups): FoundBoundary[] {
  const { InstanceId: instanceId = null } = raw
  return attached(raw).map((nic) => {
    const [id, vpcId] = [nic.NetworkInterfaceId ?? '', nic.VpcId ?? raw.VpcId ?? '']
    const groupIds = (nic.Groups ?? []).flatMap(({ GroupId }) => GroupId ?? [])
    const own = ours.get(id)
    const ourGroupId = own?.VpcId === vpcId ? (own.GroupId ?? null) : null
    const observation = observationOf({
      place: { ...place, vpcId, interfaceId: id },
      groupIds,
      instanceId,
      ourGroupId,
      strangers: [],
      ...rulesSeen(new Set(ourGroupId === null ? groupIds : [ourGroupId, ...groupIds]), ourGroupId, rules),
    })
    return { ...observation, ...named(place, vpcId, id) }
  })
}

/** Groups of ours, each as the boundary that it was made for: also of interfaces that are gone, so that they are tidied up. */
export function leftOver(place: Place, { rules, ours }: RegionGroups): FoundBoundary[] {
  return [...ours].flatMap(([interfaceId, { GroupId = null, VpcId }]) => {
    if (VpcId === undefined || GroupId === null) return []
    const observation = observationOf({
      place: { ...place, vpcId: VpcId, interfaceId },
      groupIds: null,
      instanceId: null,
      ourGroupId: GroupId,
      strangers: [],
      ...rulesSeen(new Set([GroupId]), GroupId, rules),
    })
    return [{ ...observation, ...named(place, VpcId, interfaceId) }]
  })
}

function named(place: Place, vpcId: string, name: string) {
  return { name, resourceGroup: resourceGroupIn(place.region, vpcId), location: place.region }
}

const attached = ({ NetworkInterfaces = [] }: Instance): InstanceNetworkInterface[] =>
  NetworkInterfaces.filter(({ NetworkInterfaceId }) => NetworkInterfaceId !== undefined)

/** An interface may be in another VPC than its instance. */
function interfaceId(place: Place, instanceVpcId: string, nic: InstanceNetworkInterface): string {
  return interfacePath({ ...place, vpcId: nic.VpcId ?? instanceVpcId, interfaceId: nic.NetworkInterfaceId ?? '' })
}

const publicAddressId = (interfacePathText: string, index: number) =>
  `${interfacePathText}/public-addresses/${String(index)}`

function readSystem({ Platform, PlatformDetails = '' }: Instance): OperatingSystem | null {
  if (Platform?.toLowerCase() === 'windows' || PlatformDetails.startsWith('Windows')) return 'WINDOWS'
  return PlatformDetails === '' || /linux|unix|red hat|suse|ubuntu/i.test(PlatformDetails) ? 'LINUX' : null
}
