import type { Group, GroupRule, Instance, NetworkInterface } from './resource.ts'
import type { Ec2World, Tables } from './world.ts'

/** What somebody other than the gateway does to the account: no call, in force at once. Unknown ids throw. */
export interface Ec2ForeignActor {
  /** Adds a rule, or puts it in the place of the one with its id. */
  putRule(rule: GroupRule): void
  removeRule(ruleId: string): void
  /** Gives an interface these groups and no others. */
  wear(interfaceId: string, groupIds: readonly string[]): void
  putGroup(group: Group): void
  /** Removes a group with its rules, from every interface that wears it. */
  removeGroup(groupId: string): void
  putInstance(instance: Instance, interfaces: readonly NetworkInterface[]): void
  /** Terminates an instance: its interfaces go with it. */
  terminate(instanceId: string): void
  setState(instanceId: string, state: string): void
}

export function createForeignActor(world: Ec2World): Ec2ForeignActor {
  const find = <Item>(table: (tables: Tables) => ReadonlyMap<string, Item>, id: string): Item => {
    const found = table(world.now).get(id)
    if (found === undefined) throw new Error(`there is no ${id}`)
    return found
  }
  const attachedTo = (instanceId: string) =>
    [...world.now.interfaces.values()].filter(({ attachment }) => attachment?.instanceId === instanceId)
  return {
    putRule(rule) {
      find(({ groups }) => groups, rule.groupId)
      world.commit(({ rules }) => rules.set(rule.id, rule))
    },
    removeRule(ruleId) {
      find(({ rules }) => rules, ruleId)
      world.commit(({ rules }) => rules.delete(ruleId))
    },
    wear(interfaceId, groupIds) {
      const next = { ...find(({ interfaces }) => interfaces, interfaceId), groupIds }
      world.commit(({ interfaces }) => interfaces.set(interfaceId, next))
    },
    putGroup(group) {
      world.commit(({ groups }) => groups.set(group.id, group))
    },
    removeGroup(groupId) {
      find(({ groups }) => groups, groupId)
      world.commit(({ groups, rules, interfaces }) => {
        groups.delete(groupId)
        for (const rule of rules.values()) if (rule.groupId === groupId) rules.delete(rule.id)
        for (const nic of interfaces.values())
          if (nic.groupIds.includes(groupId))
            interfaces.set(nic.id, { ...nic, groupIds: nic.groupIds.filter((id) => id !== groupId) })
      })
    },
    putInstance(instance, nics) {
      world.commit(({ instances, interfaces }) => {
        instances.set(instance.id, instance)
        for (const nic of nics) interfaces.set(nic.id, nic)
      })
    },
    terminate(instanceId) {
      const gone = { ...find(({ instances }) => instances, instanceId), state: 'terminated' }
      const nics = attachedTo(instanceId).map(({ id }) => id)
      world.commit(({ instances, interfaces }) => {
        instances.set(instanceId, gone)
        for (const id of nics) interfaces.delete(id)
      })
    },
    setState(instanceId, state) {
      const next = { ...find(({ instances }) => instances, instanceId), state }
      world.commit(({ instances }) => instances.set(instanceId, next))
    },
  }
}
