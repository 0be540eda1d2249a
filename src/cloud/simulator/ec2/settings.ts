/** A bucket of calls: as many at once, and as many back each second. */
export interface Bucket {
  readonly most: number
  readonly perSecond: number
}

/** How the simulated EC2 behaves. Whatever is set counts from the next call on. */
export interface Ec2Settings {
  /** How long every answer takes, in milliseconds. */
  latencyMs: number
  /** How far what is described lags behind what was written, in milliseconds. */
  lagMs: number
  /** Whether calls beyond the buckets are refused. */
  enforceQuotas: boolean
  /** Buckets of each action in a region of an account. */
  quotas: { describing: Bucket; mutating: Bucket }
  /** Rules of one direction and family that a group may have. */
  rulesPerGroup: number
  groupsPerInterface: number
  groupsPerRegion: number
  /** Entries of a page at most, whatever the caller asks for. */
  pageSize: number
}

/** As EC2 has it by default, without delays: its buckets are 100 calls and 20 a second to describe, 50 and 5 to change. */
export function defaultSettings(): Ec2Settings {
  return {
    latencyMs: 0,
    lagMs: 0,
    enforceQuotas: false,
    quotas: { describing: { most: 100, perSecond: 20 }, mutating: { most: 50, perSecond: 5 } },
    rulesPerGroup: 60,
    groupsPerInterface: 5,
    groupsPerRegion: 2_500,
    pageSize: 1_000,
  }
}
