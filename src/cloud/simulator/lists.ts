import { ArmError, type Answer } from './answer.ts'
import { showFirewall } from './firewall/show-firewall.ts'
import { showGroup } from './group/show-group.ts'
import type { ArmRequest } from './request.ts'
import {
  classicMachineType,
  firewallType,
  groupType,
  interfaceType,
  machineType,
  networkType,
  policyAssignmentType,
  publicAddressType,
  type AzureFirewall,
  type Resource,
  type SecurityGroup,
  type VirtualMachine,
} from './resource.ts'
import type { World } from './world.ts'

const types = [
  machineType,
  classicMachineType,
  interfaceType,
  publicAddressType,
  networkType,
  groupType,
  firewallType,
  policyAssignmentType,
]

/** A type in the case ARM writes it, whatever the case it was called with; undefined for one that is not known. */
export function knownType(type: string): string | undefined {
  return types.find((known) => known.toLowerCase() === type.toLowerCase())
}

/** GET of all resources of a type in a subscription or one of its resource groups, a page at a time. */
export function listResources(world: World, request: ArmRequest, type: string, pageSize: number): Answer {
  const { subscriptionId, resourceGroup } = request.target
  const scope = resourceGroup === null ? null : `/subscriptions/${subscriptionId}/resourcegroups/${resourceGroup}/`
  let resources = world.list(subscriptionId, type)
  if (scope !== null) resources = resources.filter(({ id }) => id.toLowerCase().startsWith(scope.toLowerCase()))
  const after = readSkipToken(request.url)
  const first = after === null ? 0 : firstAfter(resources, after)
  const page = resources.slice(first, first + pageSize)
  const last = page.at(-1)
  const more = last !== undefined && first + pageSize < resources.length
  return {
    status: 200,
    body: {
      value: page.map((resource) => showResource(world, resource, request.url.searchParams)),
      ...(more ? { nextLink: nextLink(request, last.id) } : {}),
    },
  }
}

/** A resource as it is answered; a machine's state at run time only when asked for. */
export function showResource(world: World, resource: Resource, query: URLSearchParams): Resource {
  if (resource.type === groupType) return showGroup(resource as SecurityGroup, world.usersOf(resource.id))
  if (resource.type === firewallType) return showFirewall(resource as AzureFirewall)
  if (resource.type !== machineType) return resource
  const { instanceView, ...properties } = (resource as VirtualMachine).properties
  const statusOnly = query.get('statusOnly')?.toLowerCase() === 'true'
  const expanded = query.get('$expand')?.toLowerCase().includes('instanceview') ?? false
  if (statusOnly) return { ...resource, properties: { ...properties, instanceView } }
  return { ...resource, properties: expanded ? { ...properties, instanceView } : properties }
}

function nextLink({ origin, url }: ArmRequest, lastId: string): string {
  const next = new URL(url.pathname + url.search, origin)
  next.searchParams.set('$skipToken', Buffer.from(lastId.toLowerCase()).toString('base64url'))
  return next.href
}

function readSkipToken(url: URL): string | null {
  const text = [...url.searchParams].find(([name]) => name.toLowerCase() === '$skiptoken')?.[1]
  if (text === undefined) return null
  const id = Buffer.from(text, 'base64url').toString()
  if (!id.startsWith('/subscriptions/'))
    throw new ArmError(400, 'InvalidSkipToken', `The provided skip token '${text}' is invalid.`)
  return id
}

/** The place of the first resource whose id comes after `id`; the list is in order of ids. */
function firstAfter(resources: readonly Resource[], id: string): number {
  let [low, high] = [0, resources.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((resources[middle]?.id.toLowerCase() ?? '') > id) high = middle
    else low = middle + 1
  }
  return low
}
