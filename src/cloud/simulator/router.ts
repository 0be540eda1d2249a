import {
  ArmError,
  childNotFound,
  resourceGroupNotFound,
  resourceNotFound,
  subscriptionNotFound,
  type Answer,
} from './answer.ts'
import { putFirewall } from './firewall/firewalls.ts'
import { deleteGroup, putGroup } from './group/groups.ts'
import { deleteRule, getRule, putRule } from './group/rules.ts'
import { knownType, listResources, showResource } from './lists.ts'
import { resourceIdOf, type ArmRequest } from './request.ts'
import { firewallType, groupType, type Resource } from './resource.ts'
import { pollAfter, type WriteParts } from './write.ts'

/** Answers calls, as the providers behind ARM do. Refuses by throwing an `ArmError`. */
export type Router = (request: ArmRequest) => Answer | Promise<Answer>

export function createRouter(parts: WriteParts): Router {
  const { world } = parts

  return (request) => {
    const { target, method } = request
    if (target.subscriptionId === '') return listSubscriptions(parts, request)
    if (!world.subscriptions.has(target.subscriptionId)) throw subscriptionNotFound(target.subscriptionId)
    if (target.type === null && target.resourceGroup === null) return getSubscription(parts, request)
    if (target.type?.toLowerCase() === 'microsoft.network/locations') return getOperation(parts, request)
    if (target.resourceGroup !== null && !world.hasResourceGroup(target.subscriptionId, target.resourceGroup))
      throw resourceGroupNotFound(target.resourceGroup)
    if (target.type === null) throw methodNotAllowed(request)
    const type = knownType(target.type)
    if (type === undefined) throw invalidResourceType(target.type)
    if (target.name === null) {
      if (method !== 'GET') throw methodNotAllowed(request)
      return listResources(world, request, type, parts.settings.pageSize)
    }
    if (target.resourceGroup === null) throw invalidResourceType(target.type)
    if (type === groupType && target.childType?.toLowerCase() === 'securityrules' && target.childName !== null)
      return ruleCall(parts, request)
    if (target.childType !== null) return getChild(parts, request, target.childType)
    if (method === 'GET') return getResource(parts, request)
    if (type === groupType && method === 'PUT') return putGroup(parts, request)
    if (type === groupType && method === 'DELETE') return deleteGroup(parts, request)
    if (type === firewallType && method === 'PUT') return putFirewall(parts, request)
    throw methodNotAllowed(request)
  }
}

function ruleCall(parts: WriteParts, request: ArmRequest): Answer | Promise<Answer> {
  if (request.method === 'GET') return getRule(parts, request)
  if (request.method === 'PUT') return putRule(parts, request)
  if (request.method === 'DELETE') return deleteRule(parts, request)
  throw methodNotAllowed(request)
}

function getResource({ world }: WriteParts, request: ArmRequest): Answer {
  const shown = showResource(world, findResource({ world }, request), request.url.searchParams)
  return { status: 200, ...(shown.etag === undefined ? {} : { headers: { ETag: shown.etag } }), body: shown }
}

function getChild(parts: WriteParts, request: ArmRequest, childType: string): Answer {
  if (request.method !== 'GET') throw methodNotAllowed(request)
  const resource = findResource(parts, request)
  const shown = showResource(parts.world, resource, new URLSearchParams('$expand=instanceView'))
  const entry = Object.entries(shown.properties).find(([name]) => name.toLowerCase() === childType.toLowerCase())
  const { childName } = request.target
  if (entry === undefined) throw childNotFound(request.target.path)
  if (childName === null) return { status: 200, body: Array.isArray(entry[1]) ? { value: entry[1] } : entry[1] }
  const children = (Array.isArray(entry[1]) ? entry[1] : []) as Resource[]
  const child = children.find(({ name }) => name.toLowerCase() === childName.toLowerCase())
  if (child === undefined) throw childNotFound(request.target.path)
  return { status: 200, body: child }
}

function findResource({ world }: Pick<WriteParts, 'world'>, { target }: ArmRequest): Resource {
  const found = world.get(resourceIdOf(target))
  if (found === undefined) throw resourceNotFound(target.type ?? '', target.name ?? '', target.resourceGroup ?? '')
  return found
}

function listSubscriptions({ world }: WriteParts, request: ArmRequest): Answer {
  if (request.method !== 'GET') throw methodNotAllowed(request)
  return { status: 200, body: { value: [...world.subscriptions.values()].map(showSubscription) } }
}

function getSubscription({ world }: WriteParts, request: ArmRequest): Answer {
  const found = world.subscriptions.get(request.target.subscriptionId)
  if (found === undefined || request.method !== 'GET') throw methodNotAllowed(request)
  return { status: 200, body: showSubscription(found) }
}

function showSubscription({ subscriptionId, displayName }: { subscriptionId: string; displayName: string }) {
  return { id: `/subscriptions/${subscriptionId}`, subscriptionId, displayName, state: 'Enabled' }
}

/** GET of an operation, or of an operation's result: 202 while it runs, then 204. */
function getOperation({ operations, settings }: WriteParts, { target }: ArmRequest): Answer {
  const operation = operations.poll(target.childName ?? '')
  if (operation === undefined)
    throw new ArmError(404, 'OperationNotFound', `Operation ${target.childName ?? ''} was not found.`, { details: [] })
  const { status, error } = operation
  const headers = status === 'InProgress' ? pollAfter(settings) : {}
  if (target.childType?.toLowerCase() === 'operationresults')
    return { status: status === 'InProgress' ? 202 : 204, headers }
  return { status: 200, headers, body: { status, ...(error === null ? {} : { error }) } }
}

function methodNotAllowed({ method, target }: ArmRequest): ArmError {
  return new ArmError(405, 'MethodNotAllowed', `The method '${method}' is not allowed on '${target.path}'.`)
}

function invalidResourceType(type: string): ArmError {
  return new ArmError(404, 'InvalidResourceType', `The resource type '${type}' could not be found.`)
}
