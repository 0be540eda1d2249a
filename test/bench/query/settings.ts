import type { BenchFlags } from '../run.ts'
import { documentNames, type DocumentName } from './documents.ts'
import { LEAST_VMS } from './estate/seed.ts'

export interface QuerySettings {
  readonly vms: number
  /** Machines of a second, small estate that p99 is compared with; null without. */
  readonly compare: number | null
  readonly peers: boolean
  /** What is asked for: all of it, or the one of `--document`. */
  readonly documents: readonly DocumentName[]
  /** How long a server is asked for one document in one round. */
  readonly seconds: number
  readonly rounds: number
  readonly seed: number
  /** How many different sets of variables each document is asked with. */
  readonly places: number
  readonly connections: number
}

/** Reads the flags; fails on one that is unknown or no number that can be. */
export function readSettings(flags: BenchFlags): QuerySettings {
  const known = new Set(['peers', 'document'])
  const number = (name: string, otherwise: number, least: number) => {
    known.add(name)
    const value = Number(flags[name] ?? otherwise)
    if (!(value >= least)) throw new Error(`--${name} must be a number of at least ${String(least)}`)
    return value
  }
  const settings = {
    vms: number('vms', 100_000, LEAST_VMS),
    compare: flags['compare'] === undefined ? null : number('compare', LEAST_VMS, LEAST_VMS),
    peers: flags['peers'] === 'true',
    documents: documentNames.filter((name) => name === (flags['document'] ?? name)),
    seconds: number('seconds', 3, 0.2),
    rounds: number('rounds', 3, 1),
    seed: number('seed', 1, 0),
    places: number('places', 400, 1),
    connections: number('connections', 32, 1),
  }
  if (settings.documents.length === 0) throw new Error(`--document must be one of ${documentNames.join(', ')}`)
  const stranger = Object.keys(flags).find((name) => !known.has(name))
  if (stranger !== undefined) throw new Error(`--${stranger} is no flag of this benchmark`)
  return settings
}
