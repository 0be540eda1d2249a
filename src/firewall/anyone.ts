import { formatPrefix, prefixContains, prefixesOverlap, type Prefix } from '../access/prefix.ts'
import { anyPort, compareTexts, prefixesOf } from './match.ts'
import { isOurAllow, type PortRange, type Rule } from './rule.ts'

/** A rule that does the same to everybody, with its addresses read once. */
export interface RuleForAnyone {
  readonly rule: Rule
  /** Whether it may match packets to this address; of a deny, whether it is sure to match all of them. */
  matches(address: Prefix): boolean
}

/**
 * Service tags of Azure that stand for everybody as a source, and for whatever a rule guards as a destination (source:
 * its "Virtual network service tags" page; a machine's private address is always one of its network).
 */
const everybody = 'internet'
const everythingGuarded = 'virtualnetwork'

/**
 * The rules that let anyone in or keep anyone out, in the order of evaluation, for each address family. A rule for some
 * only is left out: it neither opens a port to anyone nor closes one to everybody. Allows of ours are left out too: each
 * stands for a grant.
 */
export function rulesForAnyone(rules: readonly Rule[]): RulesForAnyone {
  const ordered = inOrder(rules)
  const ofFamily = (family: 4 | 6) => readFor(ordered, family, ({ sources }) => isAnyone(sources, family))
  return { 4: ofFamily(4), 6: ofFamily(6) }
}

/** Of each address family, in the order of evaluation. */
export type RulesForAnyone = Readonly<Record<4 | 6, readonly RuleForAnyone[]>>

/**
 * The same for everybody whose packets seem to come from one of these addresses, no matter which: as behind a firewall,
 * which knows no IPv6. An allow for some of the addresses lets some packets through, a deny must be for all of them.
 */
export function rulesForRelayed(rules: readonly Rule[], from: readonly Prefix[]): RulesForAnyone {
  const isFor = ({ access, sources }: Rule) => {
    const tags = sources.map((text) => text.toLowerCase())
    if (tags.includes('*') || tags.includes(everythingGuarded)) return true
    const prefixes = prefixesOf(sources)
    if (access === 'DENY') return from.every((one) => prefixes.some((prefix) => prefixContains(prefix, one)))
    const unknown = sources.length - prefixes.length - tags.filter((tag) => tag === everybody).length
    return unknown > 0 || from.some((one) => prefixes.some((prefix) => prefixesOverlap(prefix, one)))
  }
  return { 4: readFor(inOrder(rules), 4, isFor), 6: [] }
}

function inOrder(rules: readonly Rule[]): Rule[] {
  return rules
    .filter((rule) => !isOurAllow(rule) && rule.protocol !== 'OTHER')
    .toSorted((left, right) => left.priority - right.priority || compareTexts(left.name, right.name))
}

function readFor(rules: readonly Rule[], family: 4 | 6, isFor: (rule: Rule) => boolean): RuleForAnyone[] {
  return rules.flatMap((rule) => {
    if (!isFor(rule) || (rule.access === 'DENY' && !rule.sourcePorts.some(isAnyPort))) return []
    return [{ rule, matches: matcherOf(rule, family) }]
  })
}

const isAnyPort = ({ first, last }: PortRange) => first <= anyPort.first && last >= anyPort.last

/** Whether these sources hold every address of the internet, be it in several parts. */
function isAnyone(sources: readonly string[], family: 4 | 6): boolean {
  if (sources.some((text) => text === '*' || text.toLowerCase() === everybody)) return true
  return coversAll(prefixesOf(sources).filter((prefix) => prefix.family === family))
}

/** Whether prefixes of one family hold every address of it together. */
function coversAll(prefixes: readonly Prefix[]): boolean {
  if (prefixes.some(({ length }) => length === 0)) return true
  if (prefixes.length < 2) return false
  const firstBit = ({ bytes }: Prefix) => ((bytes[0] ?? 0) & 128) >> 7
  const halves = [0, 1].map((bit) => prefixes.filter((prefix) => firstBit(prefix) === bit).map(withoutFirstBit))
  return halves.every(coversAll)
}

/** A prefix within the half of all addresses it lies in, as if that half were everything. */
function withoutFirstBit({ family, bytes, length }: Prefix): Prefix {
  const shifted = bytes.map((byte, index) => ((byte << 1) & 255) | ((bytes[index + 1] ?? 0) >> 7))
  return { family, bytes: shifted, length: length - 1 }
}

/** A rule of ours may name thousands of addresses: those that stand alone are looked up. */
function matcherOf({ access, destinations }: Rule, family: 4 | 6): RuleForAnyone['matches'] {
  const tags = destinations.map((text) => text.toLowerCase())
  if (tags.includes('*') || tags.includes(everythingGuarded)) return () => true
  const prefixes = prefixesOf(destinations)
  // What the cloud alone can resolve may be this machine: enough for an allow, too little for a deny.
  if (access === 'ALLOW' && prefixes.length < destinations.length) return () => true
  const own = prefixes.filter((prefix) => prefix.family === family)
  const longest = family === 4 ? 32 : 128
  const alone = new Set(own.filter(({ length }) => length === longest).map(formatPrefix))
  const blocks = own.filter(({ length }) => length < longest)
  return (address) => alone.has(formatPrefix(address)) || blocks.some((block) => prefixContains(block, address))
}
