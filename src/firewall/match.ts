import { anySource, parsePrefix, prefixContains, prefixesOverlap, type Prefix } from '../access/prefix.ts'
import type { Protocol } from '../access/words.ts'
import { isOurs, type PortRange, type Rule } from './rule.ts'

/** Packets of one address family to one port. ANY stands for TCP and UDP: what carries no port is nobody's grant. */
export interface Flow {
  readonly sources: readonly Prefix[]
  readonly destinations: readonly Prefix[]
  readonly port: number
  readonly protocol: Protocol
}

/** One side of a rule. `unknown` counts what the cloud alone can resolve: service tags and groups. */
interface Side {
  readonly everyone: boolean
  readonly prefixes: readonly Prefix[]
  readonly unknown: number
}

/** A rule with its addresses read once. */
export interface ReadRule {
  readonly rule: Rule
  readonly ours: boolean
  readonly sources: Side
  readonly destinations: Side
}

/** Every port there is. */
export const anyPort: PortRange = { first: 0, last: 65_535 }

/** Reads rules for matching, in the order in which the cloud evaluates them. */
export function readRules(rules: readonly Rule[]): ReadRule[] {
  return rules
    .map((rule) => ({
      rule,
      ours: isOurs(rule),
      sources: readSide(rule.sources),
      destinations: readSide(rule.destinations),
    }))
    .toSorted(
      (left, right) => left.rule.priority - right.rule.priority || compareTexts(left.rule.name, right.rule.name),
    )
}

/** Whether the rule may match some packet of the flow. What only the cloud can resolve may match anything. */
export function touches({ rule, sources, destinations }: ReadRule, flow: Flow): boolean {
  return (
    (rule.protocol === flow.protocol ||
      rule.protocol === 'ANY' ||
      (flow.protocol === 'ANY' && rule.protocol !== 'OTHER')) &&
    includesPort(rule.ports, flow.port) &&
    reachesSome(destinations, flow.destinations) &&
    reachesSome(sources, flow.sources)
  )
}

/** Whether the rule matches every packet of the flow for sure. */
export function covers({ rule, sources, destinations }: ReadRule, flow: Flow): boolean {
  return (
    (rule.protocol === flow.protocol || rule.protocol === 'ANY') &&
    includesPort(rule.ports, flow.port) &&
    rule.sourcePorts.some((range) => range.first <= anyPort.first && range.last >= anyPort.last) &&
    reachesAll(destinations, flow.destinations) &&
    reachesAll(sources, flow.sources)
  )
}

/** An address or CIDR as a prefix; null when the text is neither. */
export function prefixOf(text: string): Prefix | null {
  const prefix = parsePrefix(text)
  return 'fault' in prefix ? null : prefix
}

/** The prefixes among the texts. */
export function prefixesOf(texts: readonly string[]): Prefix[] {
  return texts.flatMap((text) => prefixOf(text) ?? [])
}

/** Every address of a family. */
export function everyAddress(family: 4 | 6): readonly Prefix[] {
  return everyAddressOf[family]
}

/** Code unit order: the same on every machine, whatever its language. */
export function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

const [everyV4, everyV6] = anySource.map((text) => prefixesOf([text]))
const everyAddressOf = { 4: everyV4 ?? [], 6: everyV6 ?? [] }

function readSide(texts: readonly string[]): Side {
  const named = texts.filter((text) => text !== '*')
  const prefixes = prefixesOf(named)
  return { everyone: named.length < texts.length, prefixes, unknown: named.length - prefixes.length }
}

const includesPort = (ranges: readonly PortRange[], port: number) =>
  ranges.some((range) => range.first <= port && port <= range.last)

const reachesSome = (side: Side, wanted: readonly Prefix[]) =>
  side.everyone ||
  side.unknown > 0 ||
  side.prefixes.some((prefix) => wanted.some((other) => prefixesOverlap(prefix, other)))

const reachesAll = (side: Side, wanted: readonly Prefix[]) =>
  side.everyone || wanted.every((prefix) => side.prefixes.some((outer) => prefixContains(outer, prefix)))
