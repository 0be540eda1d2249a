/** What the load generator is told to do, once. */
export interface LoadOrder {
  readonly port: number
  /** Whole HTTP requests, sent in turn. */
  readonly requests: readonly string[]
  /** Bytes of the right answer of each. */
  readonly lengths: readonly number[]
  readonly connections: number
  /** How long it asks before it counts, and how long it counts, in milliseconds. */
  readonly warmUpMs: number
  readonly countMs: number
}

/** What it reports: that it began to count, that it stopped, or what went wrong. */
export type LoadReport =
  | { readonly kind: 'began' }
  | {
      readonly kind: 'ended'
      /** How long it counted, in milliseconds. */
      readonly ms: number
      /** How long each answer took that came meanwhile, in milliseconds. */
      readonly latencies: Float64Array
      /** What the load generator itself used meanwhile, in microseconds. */
      readonly cpuUs: number
    }
  | { readonly kind: 'failed'; readonly message: string }
