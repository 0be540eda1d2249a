import type { Protocol } from '../access/words.ts'
import { flowsTo } from './closing.ts'
import type { ProtectedMachine } from './input.ts'
import { covers, prefixesOf, readRules, touches, type Flow, type ReadRule } from './match.ts'
import { isOurAllow, type Rule } from './rule.ts'

/** A protected port that a foreign rule leaves reachable at this boundary. */
export interface Shadow {
  readonly vmId: string
  readonly port: number
  readonly protocol: Protocol
  /** The first foreign allow on the way. */
  readonly ruleName: string
}

/**
 * Protected ports that foreign allows leave passable, as the cloud would evaluate the rules. A service tag or a group
 * may be anyone, so that an allow for one counts. The cloud's default rules are not looked at.
 */
export function shadowsOf(machines: readonly ProtectedMachine[], rules: readonly Rule[]): Shadow[] {
  // Allows of ours are no shadow: each is proven or removed by the grant it stands for.
  const walk = readRules(rules.filter((rule) => !isOurAllow(rule)))
  return machines.flatMap((machine) =>
    machine.ports.flatMap(({ port, protocol }) => {
      const first = prefixesOf(machine.addresses)
        .flatMap((address) => flowsTo(address, port, protocol))
        .flatMap((flow) => passingAllows(flow, walk).slice(0, 1))
        .toSorted((left, right) => left.rule.priority - right.rule.priority)[0]
      return first === undefined ? [] : [{ vmId: machine.vmId, port, protocol, ruleName: first.rule.name }]
    }),
  )
}

/** Foreign allows in `walk`, in order, by which some of the flow may pass before a deny is sure to stop all of it. */
export function passingAllows(flow: Flow, walk: readonly ReadRule[]): ReadRule[] {
  const allows: ReadRule[] = []
  const denies: ReadRule[] = []
  for (const read of walk) {
    if (!touches(read, flow)) continue
    if (read.rule.access === 'ALLOW') {
      const rest = partOf(flow, read)
      if (!denies.some((deny) => covers(deny, rest))) allows.push(read)
    } else if (covers(read, flow)) break
    else denies.push(read)
  }
  return allows
}

/** The part of the flow that the rule is known to be limited to. */
function partOf(flow: Flow, { sources }: ReadRule): Flow {
  if (sources.everyone || sources.unknown > 0) return flow
  const family = flow.destinations[0]?.family
  return { ...flow, sources: sources.prefixes.filter((prefix) => prefix.family === family) }
}
