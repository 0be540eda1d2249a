import { etagMismatch } from './answer.ts'
import type { Committer } from './commit.ts'
import type { Operation, Operations } from './operations.ts'
import type { ArmRequest } from './request.ts'
import type { Writable } from './resource.ts'
import type { Settings } from './settings.ts'
import type { World } from './world.ts'

/** What the handlers of writes work with. */
export interface WriteParts {
  readonly world: World
  readonly operations: Operations
  readonly committer: Committer
  readonly settings: Settings
}

/** What faults look at. */
export function callOf(request: ArmRequest): { readonly method: string; readonly path: string } {
  return { method: request.method, path: request.target.path.toLowerCase() }
}

/** Throws 412 when the call names an etag other than the resource's, or wants none to be there. */
export function checkEtag(request: ArmRequest, id: string, before: Writable | null): void {
  const ifMatch = request.headers['if-match']
  if (ifMatch !== undefined && (before === null || (ifMatch !== '*' && ifMatch !== before.etag)))
    throw etagMismatch(before?.id ?? id, ifMatch, before?.etag ?? 'null')
  if (request.headers['if-none-match'] === '*' && before !== null) throw etagMismatch(before.id, '*', before.etag ?? '')
}

/** Where a write's operation is polled. The query is signed and opaque in Azure; nothing may be read from it. */
export function asyncHeaders(
  { settings }: WriteParts,
  request: ArmRequest,
  operation: Operation,
  resource: Writable | undefined,
) {
  return {
    ...pollAfter(settings),
    'Azure-AsyncOperation': operationUrl(request, operation, resource, 'operations'),
    'Azure-AsyncNotification': 'Enabled',
  }
}

/** As `asyncHeaders`, with the older `Location` that deletes still carry. */
export function deleteHeaders(
  parts: WriteParts,
  request: ArmRequest,
  operation: Operation,
  resource: Writable | undefined,
) {
  return {
    ...asyncHeaders(parts, request, operation, resource),
    Location: operationUrl(request, operation, resource, 'operationResults'),
  }
}

/** The wish to be asked again later, which Azure mostly leaves out. */
export function pollAfter({ pollAfterSeconds }: Settings): Record<string, string> {
  return pollAfterSeconds === null ? {} : { 'Retry-After': String(pollAfterSeconds) }
}

function operationUrl(
  { origin, target, url }: ArmRequest,
  operation: Operation,
  resource: Writable | undefined,
  kind: 'operations' | 'operationResults',
): string {
  const version = url.searchParams.get('api-version') ?? ''
  const signature = Buffer.from(`${operation.id}${operation.resourceId}`).toString('base64url').repeat(9)
  return `${origin}/subscriptions/${target.subscriptionId}/providers/Microsoft.Network/locations/${resource?.location ?? 'westeurope'}/${kind}/${operation.id}?api-version=${version}&t=638900000000000000&c=${signature}&s=${signature}&h=simulated`
}
