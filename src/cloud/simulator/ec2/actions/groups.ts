import type { Ec2Answer, Ec2Call } from '../call.ts'
import { Ec2Fault, missing, notFound } from '../fault.ts'
import { newId, type Group, type GroupRule } from '../resource.ts'
import type { Ec2World } from '../world.ts'
import { isAt } from './describe.ts'
import { groupOf, readTags, rulesOf, type Writing } from './rules.ts'

/** Makes a group in a VPC. Like EC2 it lets everything out from the start. */
export function createGroup({ world, settings }: Writing, call: Ec2Call): Ec2Answer {
  const { query } = call
  const [name, description, vpcId] = [query.text('GroupName'), query.text('GroupDescription'), query.text('VpcId')]
  if (name === null || name === '') throw missing('GroupName')
  if (description === null || description === '') throw missing('GroupDescription')
  if (vpcId === null) throw missing('VpcId')
  if (!isAt(world.now, vpcId, call)) throw notFound('vpc', vpcId)
  if (
    !/^(?!sg-)[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/i.test(name) ||
    !/^[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/.test(description)
  )
    throw new Ec2Fault('InvalidParameterValue', `Invalid security group name or description.`)
  const here = [...world.now.groups.values()]
  if (here.some((group) => group.vpcId === vpcId && group.name === name))
    throw new Ec2Fault('InvalidGroup.Duplicate', `The security group '${name}' already exists for VPC '${vpcId}'`)
  if (here.filter((group) => isAt(world.now, group.vpcId, call)).length >= settings.groupsPerRegion)
    throw new Ec2Fault('SecurityGroupLimitExceeded', 'The maximum number of security groups has been reached.')
  const group: Group = { id: newId('sg'), vpcId, name, description, tags: readTags(query, 'security-group') }
  const out = letsOut(group.id)
  world.commit(({ groups, rules }) => {
    groups.set(group.id, group)
    rules.set(out.id, out)
  })
  return {
    body: { return: true, groupId: group.id },
    wrote: { action: call.action, targetId: group.id, ruleIdsAdded: [], ruleIdsRemoved: [] },
  }
}

/** Deletes a group that nobody wears and no rule of another names. */
export function deleteGroup({ world }: Writing, call: Ec2Call): Ec2Answer {
  const group = groupOf(world, call)
  if (group.name === 'default')
    throw new Ec2Fault('CannotDelete', 'the specified group: "default" cannot be deleted by a user')
  const isNamed = [...world.now.rules.values()].some(
    ({ groupId, peer }) => groupId !== group.id && 'groupId' in peer && peer.groupId === group.id,
  )
  if (isNamed || wearersOf(world, group.id).length > 0)
    throw new Ec2Fault('DependencyViolation', `resource ${group.id} has a dependent object`)
  const removed = rulesOf(world, group).map(({ id }) => id)
  world.commit(({ groups, rules }) => {
    groups.delete(group.id)
    for (const id of removed) rules.delete(id)
  })
  return {
    body: { return: true, groupId: group.id },
    wrote: { action: call.action, targetId: group.id, ruleIdsAdded: [], ruleIdsRemoved: removed },
  }
}

/** Gives an interface other groups: exactly those that the call names. */
export function modifyInterface({ world, settings }: Writing, call: Ec2Call): Ec2Answer {
  const id = call.query.text('NetworkInterfaceId')
  if (id === null) throw missing('networkInterfaceId')
  const nic = world.now.interfaces.get(id)
  if (nic === undefined || !isAt(world.now, nic.vpcId, call)) throw notFound('interface', id)
  const groupIds = call.query.texts('SecurityGroupId')
  if (groupIds.length === 0) throw missing('groups')
  const strange = groupIds.find((groupId) => world.now.groups.get(groupId)?.vpcId !== nic.vpcId)
  if (strange !== undefined) throw notFound('group', strange)
  if (nic.requesterManaged)
    throw new Ec2Fault('OperationNotPermitted', `You do not have permission to access the specified resource ${id}.`)
  if (groupIds.length > settings.groupsPerInterface)
    throw new Ec2Fault(
      'SecurityGroupsPerInterfaceLimitExceeded',
      'The maximum number of security groups per interface has been reached.',
    )
  const next = { ...nic, groupIds: [...new Set(groupIds)] }
  world.commit(({ interfaces }) => {
    interfaces.set(id, next)
  })
  return {
    body: { return: true },
    wrote: { action: call.action, targetId: id, ruleIdsAdded: [], ruleIdsRemoved: [] },
  }
}

/** The interfaces that wear a group. */
export function wearersOf({ now }: Ec2World, groupId: string): string[] {
  return [...now.interfaces.values()].filter(({ groupIds }) => groupIds.includes(groupId)).map(({ id }) => id)
}

/** The rule that EC2 gives every new group. */
export function letsOut(groupId: string): GroupRule {
  const peer = { cidr: '0.0.0.0/0' }
  return {
    id: newId('sgr'),
    groupId,
    egress: true,
    protocol: '-1',
    fromPort: -1,
    toPort: -1,
    peer,
    description: null,
    tags: {},
  }
}
