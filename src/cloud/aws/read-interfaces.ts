import type { SecurityGroupRule } from '@aws-sdk/client-ec2'
import { all, type Lists } from './list.ts'
import { readGroupRule } from './map-rule.ts'
import { interfaceOf, ourGroupName } from './our-group.ts'
import type { InterfacePlace, Place } from './place.ts'
import type { SeenInterface } from './seen.ts'

/**
 * Reads interfaces of one region with the rules of all their groups: four calls, however many they are. Those are left
 * out of which there is nothing any more, neither the interface nor the group of ours that was made for it.
 */
export async function readInterfaces(
  lists: Lists,
  place: Place,
  wanted: readonly InterfacePlace[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, SeenInterface>> {
  const ids = wanted.map(({ interfaceId }) => interfaceId)
  const [groups, nics] = await Promise.all([
    all(lists.groups(place, { name: 'group-name', values: ids.map(ourGroupName) }, signal)),
    all(lists.interfaces(place, { name: 'network-interface-id', values: ids }, signal)),
  ])
  const vpcs = new Map(wanted.map(({ interfaceId, vpcId }) => [interfaceId, vpcId]))
  const ourGroups = new Map(
    groups.flatMap(({ GroupId, GroupName = '', VpcId }) => {
      const interfaceId = interfaceOf(GroupName)
      // A group of that name in another VPC can be nobody's but a stranger's.
      const isOurs = interfaceId !== null && VpcId !== undefined && vpcs.get(interfaceId) === VpcId
      return isOurs && GroupId !== undefined ? [[interfaceId, GroupId] as const] : []
    }),
  )
  const byId = new Map(nics.map((nic) => [nic.NetworkInterfaceId ?? '', nic]))
  const wornBy = (id: string) => (byId.get(id)?.Groups ?? []).flatMap(({ GroupId }) => GroupId ?? [])
  const groupIds = [...new Set([...ourGroups.values(), ...ids.flatMap(wornBy)])]
  const [rules, wearers] = await Promise.all([
    all(lists.rules(place, { name: 'group-id', values: groupIds }, signal)),
    all(lists.interfaces(place, { name: 'group-id', values: [...ourGroups.values()] }, signal)),
  ])
  const byGroup = Map.groupBy(rules, ({ GroupId }) => GroupId ?? '')
  return new Map(
    wanted.flatMap((one) => {
      const { interfaceId } = one
      const [nic, ourGroupId] = [byId.get(interfaceId), ourGroups.get(interfaceId) ?? null]
      if (nic === undefined && ourGroupId === null) return []
      const worn = wornBy(interfaceId)
      const strangers = wearers.filter(
        ({ NetworkInterfaceId, Groups = [] }) =>
          NetworkInterfaceId !== interfaceId && Groups.some(({ GroupId }) => GroupId === ourGroupId),
      )
      const seen: SeenInterface = {
        place: one,
        groupIds: nic === undefined ? null : worn,
        instanceId: nic?.Attachment?.InstanceId ?? null,
        ourGroupId,
        strangers: strangers.flatMap(({ NetworkInterfaceId }) => NetworkInterfaceId ?? []),
        ...rulesSeen(new Set(ourGroupId === null ? worn : [ourGroupId, ...worn]), ourGroupId, byGroup),
      }
      return [[interfaceId, seen] as const]
    }),
  )
}

/** The inbound rules of these groups, and what ours lets out. */
export function rulesSeen(
  groupIds: ReadonlySet<string>,
  ourGroupId: string | null,
  byGroup: ReadonlyMap<string, readonly SecurityGroupRule[]>,
): Pick<SeenInterface, 'rules' | 'egressIds'> {
  const own = ourGroupId === null ? [] : (byGroup.get(ourGroupId) ?? [])
  return {
    rules: [...groupIds].flatMap((id) =>
      (byGroup.get(id) ?? []).filter(({ IsEgress }) => IsEgress !== true).map(readGroupRule),
    ),
    egressIds: own.flatMap(({ IsEgress, SecurityGroupRuleId: id }) =>
      IsEgress === true && id !== undefined ? [id] : [],
    ),
  }
}
