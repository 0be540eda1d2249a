/** What the tags of everything of ours are named. */
export const OUR_TAG = 'JitGateway'

/** What EC2 shows of a group of ours, for whoever comes across it. */
export const OUR_DESCRIPTION = 'JIT Gateway opens this one network interface here. Whatever others add is removed.'

const PREFIX = 'JitGateway-'

/** The name of the group that holds our rules for an interface. EC2 lets nobody change the name of a group. */
export function ourGroupName(interfaceId: string): string {
  return `${PREFIX}${interfaceId}`
}

/** The interface that a group of this name is for; null when it is not ours. */
export function interfaceOf(groupName: string): string | null {
  return /^JitGateway-(eni-[0-9a-f]+)$/.exec(groupName)?.[1] ?? null
}
