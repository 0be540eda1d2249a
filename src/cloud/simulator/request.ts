import type { IncomingHttpHeaders } from 'node:http'

/** A call, read from the wire. */
export interface ArmRequest {
  readonly method: string
  /** Path and query as called. */
  readonly url: URL
  readonly headers: IncomingHttpHeaders
  /** The body as JSON; undefined when there was none or it was not JSON. */
  readonly body: unknown
  readonly target: Target
  /** When it arrived, by the clock. */
  readonly atMs: number
  /** Where the caller reached the cloud: what its polling and paging addresses begin with. */
  readonly origin: string
}

/** What a path names, in the case it was called with. */
export interface Target {
  /** Without what was encoded in it. */
  readonly path: string
  readonly subscriptionId: string
  readonly resourceGroup: string | null
  /** Such as `Microsoft.Network/networkSecurityGroups`. */
  readonly type: string | null
  readonly name: string | null
  readonly childType: string | null
  readonly childName: string | null
}

/** Reads a path; null when it is no path of ARM's. Keywords are compared without case. */
export function readTarget(path: string): Target | null {
  const parts = path.split('/').slice(1).map(decode)
  if (parts.at(-1) === '') parts.pop()
  const decoded = `/${parts.join('/')}`
  const take = (word: string) => {
    if (parts[0]?.toLowerCase() !== word) return null
    parts.shift()
    return parts.shift() ?? ''
  }
  const subscriptionId = take('subscriptions')
  if (subscriptionId === null) return null
  const resourceGroup = take('resourcegroups')
  const provider = take('providers')
  if (provider === null && parts.length > 0) return null
  const [type, name, childType, childName, ...rest] = parts
  if (rest.length > 0 || (provider !== null && type === undefined)) return null
  return {
    path: decoded,
    subscriptionId: subscriptionId.toLowerCase(),
    resourceGroup,
    type: provider === null ? null : `${provider}/${type ?? ''}`,
    name: name ?? null,
    childType: childType ?? null,
    childName: childName ?? null,
  }
}

/** The id of the resource a target names, without its child. */
export function resourceIdOf(target: Target): string {
  return target.path.split('/').slice(0, 9).join('/')
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
