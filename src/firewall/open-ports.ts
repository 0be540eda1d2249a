import type { Prefix } from '../access/prefix.ts'
import type { Protocol } from '../access/words.ts'
import { rulesForAnyone, rulesForRelayed } from './anyone.ts'
import { behind } from './azure-firewall/nat-rule.ts'
import { prefixesOf } from './match.ts'
import type { Rule } from './rule.ts'
import { walkPast, type Open, type RuleAt, type Step } from './walk-past.ts'

/** Consecutive ports of a machine that rules leave open to any source. */
export interface OpenPorts {
  /** Both included: 1 to 65535. */
  readonly first: number
  readonly last: number
  /** ANY is TCP and UDP alike. */
  readonly protocol: Protocol
  /**
   * The rules that let anyone pass, one of each boundary in the order of the path, or several that let in everybody
   * together; none of a group that lets pass by the cloud's default what comes through a firewall. Empty when no boundary
   * stands there.
   */
  readonly rules: readonly RuleAt[]
}

/** A way to an interface of a machine. */
export interface Path {
  /** Private addresses, without prefix length. */
  readonly addresses: readonly string[]
  /** Every one of them must let a packet pass. */
  readonly steps: readonly Step[]
}

/** A group, to whom packets come as they were sent. */
export function stepOf(boundaryId: string, rules: readonly Rule[]): Step {
  return { boundaryId, rules: rulesForAnyone(rules), passesUndecided: false }
}

/** A firewall: what comes to a public port goes on to one of a machine. */
export function gateStepOf(boundaryId: string, rules: readonly Rule[]): Step {
  return { boundaryId, rules: { ...rulesForAnyone(rules.map(behind)), 6: [] }, passesUndecided: false }
}

/**
 * A group behind a firewall, to whom packets come from one of these addresses of it. They are in its own network, from
 * which the cloud's default rule AllowVnetInBound lets in (source: Azure's "Network security groups" page).
 */
export function relayedStepOf(boundaryId: string, rules: readonly Rule[], relaysFrom: readonly string[]): Step {
  return { boundaryId, rules: rulesForRelayed(rules, prefixesOf(relaysFrom)), passesUndecided: true }
}

/**
 * The ports that the rules on some path leave open to any source, as the cloud would evaluate them. The cloud's default
 * rules let no stranger in, unless a firewall stands between. Denies for some sources only are not either, so that what is shown
 * may be too much, and never too little.
 */
export function openPortsOf(paths: readonly Path[]): OpenPorts[] {
  const found = new Map<string, OpenPorts>()
  for (const { addresses, steps } of paths)
    for (const address of prefixesOf(addresses)) {
      const [tcp, udp] = (['TCP', 'UDP'] as const).map((carrier) =>
        steps.reduce((open, step) => passing(open, step, address, carrier), [everyPort]),
      )
      for (const open of together(tcp ?? [], udp ?? [])) found.set(JSON.stringify(open), open)
    }
  return [...found.values()].toSorted((left, right) => left.first - right.first || left.last - right.last)
}

const everyPort: Open = { first: 1, last: 65_535, rules: [] }

/** What of the open ports a step leaves open, in order. */
function passing(open: readonly Open[], step: Step, address: Prefix, carrier: 'TCP' | 'UDP'): Open[] {
  const walk = step.rules[address.family].filter(
    (read) => (read.rule.protocol === carrier || read.rule.protocol === 'ANY') && read.matches(address),
  )
  return joined(open.flatMap((range) => walkPast(range, walk, step)))
}

/** Neighbours that the same rules open are one range. */
function joined(ranges: readonly Open[]): Open[] {
  const all: Open[] = []
  for (const range of ranges) {
    const before = all.at(-1)
    if (before !== undefined && before.last + 1 === range.first && alike(before, range))
      all[all.length - 1] = { ...before, last: range.last }
    else all.push(range)
  }
  return all
}

const alike = (left: Open, right: Open) => JSON.stringify(left.rules) === JSON.stringify(right.rules)

/** What is open over TCP and UDP alike is said once. */
function together(tcp: readonly Open[], udp: readonly Open[]): OpenPorts[] {
  const key = (open: Open) => JSON.stringify(open)
  const both = new Set(tcp.map(key)).intersection(new Set(udp.map(key)))
  return [
    ...tcp.map((open) => ({ ...open, protocol: both.has(key(open)) ? ('ANY' as const) : ('TCP' as const) })),
    ...udp.filter((open) => !both.has(key(open))).map((open) => ({ ...open, protocol: 'UDP' as const })),
  ]
}
