import type { BenchFlags } from '../run.ts'

/** What one run of the benchmark measures. */
export interface FanoutSettings {
  readonly subscribers: number
  /** Events a second, in the phase that goes by the clock. */
  readonly rate: number
  /** How long that phase is, in seconds. */
  readonly seconds: number
  /** How long each phase that goes as fast as it can is, in seconds; what is under way then is waited for. */
  readonly maxSeconds: number
  readonly rounds: number
  readonly seed: number
  readonly peers: boolean
  /** Subscribers that stop reading for a phase; 0: the phase is left out. */
  readonly stalled: number
  /** Sources of every grant: what makes an event small or large. */
  readonly sources: number
  /** Length of a soak, in minutes; 0: the ordinary rounds. */
  readonly minutes: number
  /** Part of the subscribers that do not read during a soak. */
  readonly stalledShare: number
}

/** Reads the flags; fails on one that is unknown or no number that can be. */
export function readSettings(flags: BenchFlags): FanoutSettings {
  const known = new Set<string>()
  const number = (name: string, otherwise: number, least: number) => {
    known.add(name)
    const value = Number(flags[name] ?? otherwise)
    if (!(value >= least)) throw new Error(`--${name} must be a number of at least ${String(least)}`)
    return value
  }
  const settings = {
    subscribers: number('subscribers', 1_000, 1),
    rate: number('rate', 10, 0.1),
    seconds: number('seconds', 10, 1),
    maxSeconds: number('maxSeconds', 3, 0.5),
    rounds: number('rounds', 3, 1),
    seed: number('seed', 1, 0),
    peers: flags['peers'] === 'true',
    stalled: number('stalled', 0, 0),
    sources: number('sources', 1, 1),
    minutes: number('minutes', 0, 0),
    stalledShare: number('stalledShare', 0, 0),
  }
  const stranger = Object.keys(flags).find((name) => !known.has(name) && name !== 'peers')
  if (stranger !== undefined) throw new Error(`--${stranger} is no flag of this benchmark`)
  if (settings.stalled >= settings.subscribers || settings.stalledShare >= 1)
    throw new Error('somebody must go on reading: fewer must be stalled than subscribe')
  return settings
}
