import { ArmError, etagMismatch, type Answer } from '../answer.ts'
import type { Operation, Operations } from '../operations.ts'
import { resourceIdOf, type ArmRequest } from '../request.ts'
import type { SecurityGroup } from '../resource.ts'
import type { Settings } from '../settings.ts'
import type { World } from '../world.ts'
import type { Committer, GroupChange } from './commit.ts'
import { showGroup, writtenGroup } from './show-group.ts'
import { readGroup } from './validate-group.ts'

/** What the handlers of groups and rules work with. */
export interface GroupParts {
  readonly world: World
  readonly operations: Operations
  readonly committer: Committer
  readonly settings: Settings
}

/** PUT of a whole group: replaces its rules and tags, makes it when there is none. */
export async function putGroup(parts: GroupParts, request: ArmRequest): Promise<Answer> {
  const id = resourceIdOf(request.target)
  const created = parts.world.group(id) === undefined
  const { operation, info, group } = await parts.committer.commit(callOf(request), (): GroupChange => {
    const before = parts.world.group(id) ?? null
    checkEtag(request, id, before)
    const input = readGroup(before?.id ?? id, request.body, before)
    const next = writtenGroup(id, request.target.name ?? '', input, before)
    return { groupId: next.id, kind: 'PutNetworkSecurityGroupOperation', next }
  })
  return {
    status: created ? 201 : 200,
    headers: asyncHeaders(parts, request, operation, group),
    body: group === undefined ? {} : showGroup(group, parts.world.usersOf(id)),
    committed: info,
  }
}

/** DELETE of a group: refused while an interface or subnet uses it, 204 when there is none. */
export async function deleteGroup(parts: GroupParts, request: ArmRequest): Promise<Answer> {
  const id = resourceIdOf(request.target)
  const group = parts.world.group(id)
  if (group === undefined) return { status: 204 }
  const { operation, info } = await parts.committer.commit(callOf(request), (): GroupChange => {
    checkEtag(request, id, parts.world.group(id) ?? null)
    const users = parts.world.usersOf(id)
    const user = users.interfaces[0] ?? users.subnets[0]
    if (user !== undefined)
      throw new ArmError(
        400,
        'InUseNetworkSecurityGroupCannotBeDeleted',
        `Network security group ${group.id} cannot be deleted because it is in use by the following resources: ${user}. In order to delete the Network security group, remove the association with the resource(s).`,
        { details: [] },
      )
    return { groupId: group.id, kind: 'DeleteNetworkSecurityGroupOperation', next: null }
  })
  return { status: 202, headers: deleteHeaders(parts, request, operation, group), committed: info }
}

/** What faults look at. */
export function callOf(request: ArmRequest): { readonly method: string; readonly path: string } {
  return { method: request.method, path: request.target.path.toLowerCase() }
}

/** Throws 412 when the call names an etag other than the resource's, or wants none to be there. */
export function checkEtag(request: ArmRequest, id: string, before: SecurityGroup | null): void {
  const ifMatch = request.headers['if-match']
  if (ifMatch !== undefined && (before === null || (ifMatch !== '*' && ifMatch !== before.etag)))
    throw etagMismatch(before?.id ?? id, ifMatch, before?.etag ?? 'null')
  if (request.headers['if-none-match'] === '*' && before !== null) throw etagMismatch(before.id, '*', before.etag ?? '')
}

/** Where a write's operation is polled. The query is signed and opaque in Azure; nothing may be read from it. */
export function asyncHeaders(
  { settings }: GroupParts,
  request: ArmRequest,
  operation: Operation,
  group: SecurityGroup | undefined,
) {
  return {
    ...pollAfter(settings),
    'Azure-AsyncOperation': operationUrl(request, operation, group, 'operations'),
    'Azure-AsyncNotification': 'Enabled',
  }
}

/** As `asyncHeaders`, with the older `Location` that deletes still carry. */
export function deleteHeaders(
  parts: GroupParts,
  request: ArmRequest,
  operation: Operation,
  group: SecurityGroup | undefined,
) {
  return {
    ...asyncHeaders(parts, request, operation, group),
    Location: operationUrl(request, operation, group, 'operationResults'),
  }
}

/** The wish to be asked again later, which Azure mostly leaves out. */
export function pollAfter({ pollAfterSeconds }: Settings): Record<string, string> {
  return pollAfterSeconds === null ? {} : { 'Retry-After': String(pollAfterSeconds) }
}

function operationUrl(
  { origin, target, url }: ArmRequest,
  operation: Operation,
  group: SecurityGroup | undefined,
  kind: 'operations' | 'operationResults',
): string {
  const version = url.searchParams.get('api-version') ?? ''
  const signature = Buffer.from(`${operation.id}${operation.groupId}`).toString('base64url').repeat(9)
  return `${origin}/subscriptions/${target.subscriptionId}/providers/Microsoft.Network/locations/${group?.location ?? 'westeurope'}/${kind}/${operation.id}?api-version=${version}&t=638900000000000000&c=${signature}&s=${signature}&h=simulated`
}
