import { formatPrefix, prefixContains, prefixesOverlap, type Prefix } from '../access/prefix.ts'
import { coversAll, shortest } from './covers-all.ts'
import { anyPort, compareTexts, prefixesOf } from './match.ts'
import { isOurAllow, type PortRange, type Rule } from './rule.ts'

/** A rule that does the same to everybody, or that helps to let everybody in, with its addresses read once. */
export interface RuleForAnyone {
  readonly rule: Rule
  readonly whom: Whom
  /** Whether it may match packets to this address; of a deny, whether it is sure to match all of them. */
  matches(address: Prefix): boolean
}

/** All there is of an address family, or these parts of it. */
type Whom = 'ANYONE' | readonly Prefix[]

/**
 * Service tags of Azure that stand for everybody as a source, and for whatever a rule guards as a destination (source:
 * its "Virtual network service tags" page; a machine's private address is always one of its network).
 */
const everybody = 'internet'
const everythingGuarded = 'virtualnetwork'

/**
 * The rules that let anyone in or keep anyone out, in the order of evaluation, for each address family. A rule for some
 * only is left out: it neither opens a port to anyone nor closes one to everybody. But allows for some are there where
 * all of them together are for everybody. Allows of ours are left out too: each stands for a grant.
 */
export function rulesForAnyone(rules: readonly Rule[]): RulesForAnyone {
  const ordered = inOrder(rules)
  const ofFamily = (family: 4 | 6) => {
    const whom = new Map(ordered.map((rule) => [rule, whomOf(rule, family)]))
    const parts = [...whom.values()].filter((one) => one !== 'ANYONE')
    const together = coversAll(parts.flat())
    return readFor(ordered, family, (rule) => {
      const own = whom.get(rule) ?? []
      return own === 'ANYONE' || together ? own : []
    })
  }
  return { 4: ofFamily(4), 6: ofFamily(6) }
}

/**
 * Rules among these that let everybody in together, none of which could be left out, in their order; null when not even
 * all of them do.
 */
export function lettingAllIn(rules: readonly RuleForAnyone[]): readonly RuleForAnyone[] | null {
  if (!isEnough(rules)) return null
  // Mostly a few wide ones are enough, however many there are.
  const wideFirst = rules.toSorted((left, right) => shortestOf(left) - shortestOf(right))
  let count = 1
  while (!isEnough(wideFirst.slice(0, count))) count *= 2
  const needed = wideFirst.slice(0, count).reduceRight(
    (some, one) => {
      const others = some.filter((other) => other !== one)
      return isEnough(others) ? others : some
    },
    wideFirst.slice(0, count),
  )
  return rules.filter((rule) => needed.includes(rule))
}

const isEnough = (rules: readonly RuleForAnyone[]) =>
  rules.some(({ whom }) => whom === 'ANYONE') || coversAll(rules.flatMap(({ whom }) => (whom === 'ANYONE' ? [] : whom)))

const shortestOf = ({ whom }: RuleForAnyone) => (whom === 'ANYONE' ? 0 : shortest(whom))

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
  return { 4: readFor(inOrder(rules), 4, (rule) => (isFor(rule) ? 'ANYONE' : [])), 6: [] }
}

function inOrder(rules: readonly Rule[]): Rule[] {
  return rules
    .filter((rule) => !isOurAllow(rule) && rule.protocol !== 'OTHER')
    .toSorted((left, right) => left.priority - right.priority || compareTexts(left.name, right.name))
}

function readFor(rules: readonly Rule[], family: 4 | 6, isFor: (rule: Rule) => Whom): RuleForAnyone[] {
  return rules.flatMap((rule) => {
    const whom = isFor(rule)
    if (whom.length === 0 || (rule.access === 'DENY' && !rule.sourcePorts.some(isAnyPort))) return []
    return [{ rule, whom, matches: matcherOf(rule, family) }]
  })
}

const isAnyPort = ({ first, last }: PortRange) => first <= anyPort.first && last >= anyPort.last

/** Whom a rule is for: everybody too when it names every address of the internet in parts. Of a deny parts do not count. */
function whomOf({ access, sources }: Rule, family: 4 | 6): Whom {
  if (sources.some((text) => text === '*' || text.toLowerCase() === everybody)) return 'ANYONE'
  const prefixes = prefixesOf(sources).filter((prefix) => prefix.family === family)
  if (coversAll(prefixes)) return 'ANYONE'
  return access === 'ALLOW' ? prefixes : []
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
