import type { Committer } from './commit.ts'
import {
  keyOf,
  newEtag,
  parentId,
  type AzureFirewall,
  type NetworkInterface,
  type Reference,
  type Resource,
  type SecurityGroup,
  type VirtualMachine,
  type VirtualNetwork,
} from './resource.ts'
import type { World } from './world.ts'

/** What somebody other than the gateway does to the cloud: no call, no hook, in force at once. Unknown ids throw. */
export interface ForeignActor {
  /** Edits a security group's JSON; its etag changes, and a write in progress is superseded. */
  edit(groupId: string, change: (group: SecurityGroup) => void): void
  /** The same for a firewall. */
  editFirewall(firewallId: string, change: (firewall: AzureFirewall) => void): void
  deleteFirewall(firewallId: string): void
  /** Removes a group and every association with it: what it guarded is left unguarded. */
  deleteGroup(groupId: string): void
  /** Adds resources of any kind, or puts them in the place of those with their ids. */
  add(...resources: readonly Resource[]): void
  /** Removes a machine and its interfaces. */
  removeMachine(vmId: string): void
  removeInterface(nicId: string): void
  /** Gives an interface another security group, or none. */
  associateInterface(nicId: string, groupId: string | null): void
  /** Gives a subnet another security group, or none. */
  associateSubnet(subnetId: string, groupId: string | null): void
  /** Sets a machine's power state, such as `running` or `deallocated`. */
  setPower(vmId: string, state: string): void
}

export function createForeignActor(world: World, committer: Committer): ForeignActor {
  const find = <Found extends Resource>(id: string): Found => {
    const found = world.get(id)
    if (found === undefined) throw new Error(`there is no resource ${id}`)
    return found as Found
  }
  const touch = (resource: Resource) => {
    if (resource.etag !== undefined) resource.etag = newEtag()
    world.touched()
  }
  const associate = (holder: { networkSecurityGroup?: Reference }, groupId: string | null) => {
    if (groupId === null) delete holder.networkSecurityGroup
    else holder.networkSecurityGroup = { id: find(groupId).id }
  }
  const actor: ForeignActor = {
    edit(groupId, change) {
      const next = structuredClone(find<SecurityGroup>(groupId))
      change(next)
      next.etag = newEtag()
      committer.commitNow({ resourceId: next.id, operation: 'PutNetworkSecurityGroupOperation', next })
    },
    editFirewall(firewallId, change) {
      const next = structuredClone(find<AzureFirewall>(firewallId))
      change(next)
      next.etag = newEtag()
      committer.commitNow({ resourceId: next.id, operation: 'PutAzureFirewallOperation', next })
    },
    deleteFirewall(firewallId) {
      committer.commitNow({ resourceId: firewallId, operation: 'DeleteAzureFirewallOperation', next: null })
    },
    deleteGroup(groupId) {
      const users = world.usersOf(find(groupId).id)
      for (const nicId of users.interfaces) actor.associateInterface(nicId, null)
      for (const subnetId of users.subnets) actor.associateSubnet(subnetId, null)
      committer.commitNow({ resourceId: groupId, operation: 'DeleteNetworkSecurityGroupOperation', next: null })
    },
    add(...resources) {
      for (const resource of resources) world.put(structuredClone(resource))
    },
    removeMachine(vmId) {
      const machine = find<VirtualMachine>(vmId)
      world.remove(vmId)
      for (const { id } of machine.properties.networkProfile.networkInterfaces) world.remove(id)
    },
    removeInterface(nicId) {
      const machine = find<NetworkInterface>(nicId).properties.virtualMachine
      world.remove(nicId)
      const profile = machine && (world.get(machine.id) as VirtualMachine | undefined)?.properties.networkProfile
      if (profile === undefined) return
      profile.networkInterfaces = profile.networkInterfaces.filter(({ id }) => keyOf(id) !== keyOf(nicId))
      world.touched()
    },
    associateInterface(nicId, groupId) {
      const nic = find<NetworkInterface>(nicId)
      associate(nic.properties, groupId)
      touch(nic)
    },
    associateSubnet(subnetId, groupId) {
      const network = find<VirtualNetwork>(parentId(subnetId))
      const subnet = network.properties.subnets.find(({ id }) => keyOf(id) === keyOf(subnetId))
      if (subnet === undefined) throw new Error(`there is no subnet ${subnetId}`)
      associate(subnet.properties, groupId)
      touch(network)
    },
    setPower(vmId, state) {
      const { instanceView } = find<VirtualMachine>(vmId).properties
      if (instanceView === undefined) throw new Error(`${vmId} has no power state`)
      instanceView.statuses = instanceView.statuses.map((status) =>
        status.code.startsWith('PowerState/') ? { ...status, code: `PowerState/${state}` } : status,
      )
      world.touched()
    },
  }
  return actor
}
