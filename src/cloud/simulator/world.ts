import {
  firewallType,
  groupType,
  interfaceType,
  keyOf,
  networkType,
  subscriptionOf,
  type AzureFirewall,
  type Estate,
  type NetworkInterface,
  type Resource,
  type SecurityGroup,
  type Subscription,
  type VirtualNetwork,
} from './resource.ts'

/** Who uses a security group: ids of interfaces and subnets. */
export interface Users {
  readonly interfaces: string[]
  readonly subnets: string[]
}

/** The resources of a simulated cloud, found by id or by type, whatever the case. */
export interface World {
  readonly subscriptions: ReadonlyMap<string, Subscription>
  get(id: string): Resource | undefined
  group(id: string): SecurityGroup | undefined
  firewall(id: string): AzureFirewall | undefined
  /** Adds a resource, or puts it in the place of the one with its id. */
  put(resource: Resource): void
  remove(id: string): void
  /** A subscription's resources of one type, in the order of their lower-cased ids. */
  list(subscriptionId: string, type: string): readonly Resource[]
  hasResourceGroup(subscriptionId: string, name: string): boolean
  usersOf(groupId: string): Users
  /** Must be called after a resource was changed in place. */
  touched(): void
  estate(): Estate
}

/** Opens an estate; `changed` is called after every change. */
export function openWorld(estate: Estate, changed: () => void): World {
  const subscriptions = new Map(estate.subscriptions.map((each) => [each.subscriptionId.toLowerCase(), each]))
  const resources = new Map<string, Resource>()
  const byType = new Map<string, Map<string, Resource>>()
  const sorted = new Map<string, readonly Resource[]>()
  const resourceGroups = new Set<string>()
  let users: Map<string, Users> | null = null

  const typeKey = (subscriptionId: string, type: string) => `${subscriptionId}/${type}`.toLowerCase()
  const add = (resource: Resource) => {
    const key = keyOf(resource.id)
    const type = typeKey(subscriptionOf(key), resource.type ?? '')
    resources.set(key, resource)
    let ofType = byType.get(type)
    if (ofType === undefined) byType.set(type, (ofType = new Map<string, Resource>()))
    ofType.set(key, resource)
    sorted.delete(type)
    resourceGroups.add(key.split('/').slice(0, 5).join('/'))
  }
  const touched = () => {
    users = null
    changed()
  }
  for (const resource of estate.resources) add(resource)

  const world: World = {
    subscriptions,
    get: (id) => resources.get(keyOf(id)),
    group(id) {
      const found = resources.get(keyOf(id))
      return found?.type === groupType ? (found as SecurityGroup) : undefined
    },
    firewall(id) {
      const found = resources.get(keyOf(id))
      return found?.type === firewallType ? (found as AzureFirewall) : undefined
    },
    put(resource) {
      add(resource)
      // Who uses a group is said by interfaces and networks.
      if (resource.type === groupType || resource.type === firewallType) changed()
      else touched()
    },
    remove(id) {
      const found = resources.get(keyOf(id))
      if (found === undefined) return
      const type = typeKey(subscriptionOf(id), found.type ?? '')
      resources.delete(keyOf(id))
      byType.get(type)?.delete(keyOf(id))
      sorted.delete(type)
      touched()
    },
    list(subscriptionId, type) {
      const key = typeKey(subscriptionId, type)
      let found = sorted.get(key)
      if (found === undefined) {
        const entries = [...(byType.get(key) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))
        sorted.set(key, (found = entries.map(([, resource]) => resource)))
      }
      return found
    },
    hasResourceGroup: (subscriptionId, name) =>
      resourceGroups.has(`/subscriptions/${subscriptionId}/resourcegroups/${name}`.toLowerCase()),
    usersOf(groupId) {
      users ??= findUsers(world)
      return users.get(keyOf(groupId)) ?? { interfaces: [], subnets: [] }
    },
    touched,
    estate: () => ({ subscriptions: [...subscriptions.values()], resources: [...resources.values()] }),
  }
  return world
}

function findUsers(world: World): Map<string, Users> {
  const found = new Map<string, Users>()
  const note = (groupId: string | undefined, kind: keyof Users, id: string) => {
    if (groupId === undefined) return
    const key = keyOf(groupId)
    const users = found.get(key) ?? { interfaces: [], subnets: [] }
    users[kind].push(id)
    found.set(key, users)
  }
  for (const subscriptionId of world.subscriptions.keys()) {
    for (const nic of world.list(subscriptionId, interfaceType) as readonly NetworkInterface[])
      note(nic.properties.networkSecurityGroup?.id, 'interfaces', nic.id)
    for (const network of world.list(subscriptionId, networkType) as readonly VirtualNetwork[])
      for (const subnet of network.properties.subnets)
        note(subnet.properties.networkSecurityGroup?.id, 'subnets', subnet.id)
  }
  return found
}
