/** How the simulated cloud behaves as a whole. Tests may change any field while it runs. */
export interface Settings {
  /** How long a write takes until it is in force, in milliseconds by the clock: a number, or from one to another. */
  operationMs: number | { readonly from: number; readonly to: number }
  /** The same of a firewall, where Azure takes minutes. */
  firewallOperationMs: number | { readonly from: number; readonly to: number }
  /** How many polls of an operation answer `InProgress` at least. */
  operationPolls: number
  /** Whether a PUT of what exists answers `Succeeded` though its operation has not ended, as Azure may. */
  answersEarly: boolean
  /** The `Retry-After` of accepted writes and of operations in progress, in seconds; null sends none, as Azure does. */
  pollAfterSeconds: number | null
  /** How long every answer is held back, in milliseconds. */
  latencyMs: number
  /**
   * What becomes of a write to a group whose last write has not ended: Azure mostly lets it supersede that one. A
   * firewall's is refused then, too.
   */
  concurrentWrites: 'supersede' | 'conflict' | 'retryable'
  /** Whether a write of one rule that was superseded is kept all the same; Azure promises neither. */
  supersededWritesKept: boolean
  /** Whether a group's etag changes once more when its operation ends. */
  etagChangesWhenDone: boolean
  /** In which case answers spell resource ids. */
  idCase: 'asMade' | 'upper' | 'lower'
  /** Most resources on a page of a list. */
  pageSize: number
  /** Whether calls beyond `quotas` are refused with 429; the remaining ones are told in headers either way. */
  enforceQuotas: boolean
  quotas: Quotas
}

/** The cloud's call quotas, per subscription. */
export interface Quotas {
  /** ARM's token buckets: how many calls at once, and how many come back each second. */
  reads: { readonly bucket: number; readonly perSecond: number }
  writes: { readonly bucket: number; readonly perSecond: number }
  deletes: { readonly bucket: number; readonly perSecond: number }
  /** Microsoft.Network's own limits per region, in calls of five minutes. */
  networkReads: number
  networkWrites: number
}

/** Azure's published numbers, not enforced, and no waiting but for `operationMs`. */
export function defaultSettings(
  operationMs: Settings['operationMs'],
  firewallOperationMs: Settings['operationMs'] = operationMs,
): Settings {
  return {
    operationMs,
    firewallOperationMs,
    operationPolls: 0,
    answersEarly: false,
    pollAfterSeconds: null,
    latencyMs: 0,
    concurrentWrites: 'supersede',
    supersededWritesKept: true,
    etagChangesWhenDone: false,
    idCase: 'asMade',
    pageSize: 250,
    enforceQuotas: false,
    quotas: {
      reads: { bucket: 250, perSecond: 25 },
      writes: { bucket: 200, perSecond: 10 },
      deletes: { bucket: 200, perSecond: 10 },
      networkReads: 10_000,
      networkWrites: 1_000,
    },
  }
}
