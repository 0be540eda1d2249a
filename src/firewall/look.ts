import { managementPorts, managementPortsOf } from '../access/policy.ts'
import type { OperatingSystem } from '../access/words.ts'
import { gateStepOf, openPortsOf, relayedStepOf, stepOf, type OpenPorts, type Path } from './open-ports.ts'
import type { Rule } from './rule.ts'
import type { Step } from './walk-past.ts'

/** A machine whose open ports are looked for. */
export interface LookedAt {
  readonly os: OperatingSystem | null
  readonly paths: readonly LookedAtPath[]
}

/** An interface of it. */
export interface LookedAtPath {
  /** Private addresses, without prefix length. */
  readonly addresses: readonly string[]
  readonly hasPublicAddress: boolean
  /** The groups on the way, in the order in which a packet meets them. */
  readonly groupIds: readonly string[]
  /** The firewall of its network, and the CIDRs that what came through it seems to come from; null when there is none. */
  readonly gate: { readonly boundaryId: string; readonly relaysFrom: readonly string[] } | null
}

/** What rules leave open of a machine to any source. */
export interface Seen {
  readonly ports: readonly (OpenPorts & {
    /** Those among them, over TCP. */ readonly managementPorts: readonly number[]
  })[]
  /** Management ports that its system answers at, each with a rule that opens it; null when no boundary stands there. */
  readonly exposed: readonly {
    readonly port: number
    readonly boundaryId: string | null
    readonly ruleName: string | null
  }[]
}

/**
 * Looks for the open ports of machines, given the rules of the boundaries before them. Of a boundary that is not known
 * nothing is said: it may let nobody pass.
 */
export function lookFor(machines: readonly LookedAt[], rules: ReadonlyMap<string, readonly Rule[]>): Seen[] {
  const known = new Map<string, Step>()
  const once = (key: string, read: () => Step) => {
    const step = known.get(key) ?? read()
    known.set(key, step)
    return step
  }
  const rulesOf = (boundaryId: string) => rules.get(boundaryId) ?? []
  const direct = (id: string) => once(id, () => stepOf(id, rulesOf(id)))
  const relayed = (from: readonly string[]) => (id: string) =>
    once(`${id} ${from.join(' ')}`, () => relayedStepOf(id, rulesOf(id), from))
  const waysTo = ({ addresses, hasPublicAddress, groupIds, gate }: LookedAtPath): Path[] => {
    const way = { addresses, steps: groupIds.map(direct) }
    if (gate === null) return [way]
    const { boundaryId: id, relaysFrom } = gate
    const steps = [once(id, () => gateStepOf(id, rulesOf(id))), ...groupIds.map(relayed(relaysFrom))]
    // With neither a group nor an address of its own, it is found through the firewall alone.
    return [...(groupIds.length > 0 || hasPublicAddress ? [way] : []), { addresses, steps }]
  }
  return machines.map(({ os, paths }) => {
    const open = openPortsOf(paths.flatMap(waysTo))
    const ports = open.map((one) => ({ ...one, managementPorts: managementPorts.filter((port) => holds(one, port)) }))
    const exposed = managementPortsOf(os).flatMap((port) => {
      const by = open.find((one) => holds(one, port))
      return by === undefined ? [] : [{ port, ...(by.rules.at(-1) ?? { boundaryId: null, ruleName: null }) }]
    })
    return { ports, exposed }
  })
}

const holds = ({ first, last, protocol }: OpenPorts, port: number) =>
  protocol !== 'UDP' && first <= port && port <= last
