import { CloudError } from '../error.ts'
import type { Ec2 } from './client.ts'
import { all, type Lists } from './list.ts'
import { OUR_DESCRIPTION, OUR_TAG, ourGroupName } from './our-group.ts'
import type { InterfacePlace } from './place.ts'
import type { SeenInterface } from './seen.ts'
import { requestIdOf, type RuleWriter } from './write-rules.ts'

/** Makes the group that holds our rules, and puts it on the interface and takes it off. */
export interface Wardrobe {
  /** The id of the group, which is made when there is none. */
  ensure(seen: SeenInterface, signal?: AbortSignal): Promise<string>
  /** Has the interface wear it beside all that it wears at this moment. Nothing in it lets anything out. */
  wear(seen: SeenInterface, groupId: string, signal?: AbortSignal): Promise<string | null>
  /** Takes it off and deletes it; it stays while the interface would wear none. */
  dissolve(seen: SeenInterface, signal?: AbortSignal): Promise<string | null>
}

/** What EC2 puts into every new group: it would open for this machine what its own groups close. */
const LETS_OUT = ['0.0.0.0/0', '::/0'].map((cidr) => ({
  protocol: '-1',
  fromPort: -1,
  toPort: -1,
  source: { cidr },
  description: null,
}))

export function wardrobe(ec2: Ec2, lists: Lists, rules: RuleWriter): Wardrobe {
  /** What the interface wears now: EC2 takes the whole list at once, and a list read earlier would undo others' changes. */
  const wornNow = async (place: InterfacePlace, signal?: AbortSignal): Promise<readonly string[] | null> => {
    const filter = { name: 'network-interface-id', values: [place.interfaceId] }
    const [nic] = await all(lists.interfaces(place, filter, signal))
    return nic?.Groups?.flatMap(({ GroupId }) => GroupId ?? []) ?? null
  }
  const setWorn = async (
    { interfaceId, ...place }: InterfacePlace,
    groups: readonly string[],
    signal?: AbortSignal,
  ) => {
    const input = { NetworkInterfaceId: interfaceId, Groups: [...groups] }
    const answer = await ec2.ask(
      place,
      'ModifyNetworkInterfaceAttribute',
      (sdk, client, options) => client.send(new sdk.ModifyNetworkInterfaceAttributeCommand(input), options),
      signal,
    )
    return requestIdOf(answer)
  }

  return {
    async ensure({ place, ourGroupId }, signal) {
      if (ourGroupId !== null) return ourGroupId
      const Tags = [{ Key: OUR_TAG, Value: place.interfaceId }]
      const input = {
        GroupName: ourGroupName(place.interfaceId),
        Description: OUR_DESCRIPTION,
        VpcId: place.vpcId,
        TagSpecifications: [{ ResourceType: 'security-group' as const, Tags }],
      }
      const { GroupId } = await ec2.ask(
        place,
        'CreateSecurityGroup',
        (sdk, client, options) => client.send(new sdk.CreateSecurityGroupCommand(input), options),
        signal,
      )
      if (GroupId !== undefined) return GroupId
      throw new CloudError('CONFLICT', 'NoGroupId', 'AWS did not say which group it made; the gateway looks again.')
    },
    async wear({ place, egressIds }, groupId, signal) {
      await rules.revokeAdmitted(place, groupId, LETS_OUT, true, signal)
      await rules.revokeOut(place, groupId, egressIds, signal)
      const worn = await wornNow(place, signal)
      if (worn === null) throw goneInterface(place)
      return worn.includes(groupId) ? null : setWorn(place, [...worn, groupId], signal)
    },
    async dissolve({ place, ourGroupId }, signal) {
      if (ourGroupId === null) return null
      const worn = (await wornNow(place, signal)) ?? []
      const others = worn.filter((id) => id !== ourGroupId)
      if (worn.includes(ourGroupId)) {
        if (others.length === 0) return null
        await setWorn(place, others, signal)
      }
      const answer = await ec2.ask(
        place,
        'DeleteSecurityGroup',
        (sdk, client, options) => client.send(new sdk.DeleteSecurityGroupCommand({ GroupId: ourGroupId }), options),
        signal,
      )
      return requestIdOf(answer)
    },
  }
}

export function goneInterface({ interfaceId }: InterfacePlace): CloudError {
  return new CloudError(
    'NOT_FOUND',
    'InvalidNetworkInterfaceID.NotFound',
    `The network interface ${interfaceId} is no longer there.`,
  )
}
