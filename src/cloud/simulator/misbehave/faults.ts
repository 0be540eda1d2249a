/** One thing that goes wrong. */
export type Fault =
  | { readonly fault: 'hang' }
  | { readonly fault: 'latency'; readonly ms: number }
  | { readonly fault: 'loseAnswer'; readonly when: 'beforeCommit' | 'afterCommit' }
  | { readonly fault: 'throttle'; readonly flavour: 'arm' | 'network'; readonly retryAfterSeconds: number | null }
  | {
      readonly fault: 'refuse'
      readonly status: number
      readonly code: string
      readonly message: string
      readonly retryAfterSeconds: number | null
    }
  | { readonly fault: 'lock'; readonly level: 'ReadOnly' | 'CanNotDelete' }
  | { readonly fault: 'forbid'; readonly code: 'AuthorizationFailed' | 'RequestDisallowedByPolicy' }
  | { readonly fault: 'slow'; readonly ms: number; readonly polls: number }
  | { readonly fault: 'fail'; readonly end: FailedEnd }

/** How an operation ends that does not succeed. `kept`: whether its change stays and takes effect all the same. */
export interface FailedEnd {
  readonly status: 'Failed' | 'Canceled'
  readonly code: string
  readonly message: string
  readonly kept: boolean
}

/** Where and how often a fault strikes; everywhere and until it is lifted when left out. */
export interface Scope {
  /** A subscription's id, or the ARM id of a resource group or resource: what is below it counts too. */
  readonly at?: string
  readonly method?: 'GET' | 'PUT' | 'DELETE'
  /** Tested against the lower-cased path: polls of operations, for one, are under no resource's id. */
  readonly path?: RegExp
  /** How many calls it strikes before it lifts itself. */
  readonly times?: number
}

/** What of a call a scope looks at. The path is lower-cased. */
export interface Call {
  readonly method: string
  readonly path: string
}

export interface Faults {
  /** Sets a fault; the answer lifts it. */
  set(fault: Fault, scope?: Scope): () => void
  /** The first fault of a kind that strikes this call, counted as having struck. */
  take<Kind extends Fault['fault']>(kind: Kind, call: Call): FaultOf<Kind> | undefined
  /** Lifts every fault. */
  clear(): void
}
type FaultOf<Kind extends Fault['fault']> = Extract<Fault, { readonly fault: Kind }> & { readonly at: string | null }

export function createFaults(): Faults {
  let entries: { readonly fault: Fault; readonly scope: Scope; readonly at: string | null; left: number }[] = []
  return {
    set(fault, scope = {}) {
      const at = scope.at === undefined ? null : pathOf(scope.at)
      const entry = { fault, scope, at, left: scope.times ?? Infinity }
      entries.push(entry)
      return () => {
        entries = entries.filter((other) => other !== entry)
      }
    },
    take<Kind extends Fault['fault']>(kind: Kind, call: Call) {
      for (const entry of entries) {
        const { method, path } = entry.scope
        if (entry.fault.fault !== kind || entry.left <= 0) continue
        if (method !== undefined && method !== call.method) continue
        if (path !== undefined && !path.test(call.path)) continue
        if (entry.at !== null && call.path !== entry.at && !call.path.startsWith(`${entry.at}/`)) continue
        entry.left -= 1
        return { ...entry.fault, at: entry.scope.at ?? null } as FaultOf<Kind>
      }
      return undefined
    },
    clear() {
      entries = []
    },
  }
}

function pathOf(at: string): string {
  return (at.startsWith('/') ? at : `/subscriptions/${at}`).toLowerCase()
}
