import { hash } from 'node:crypto'
import { formatPrefix, type Prefix } from '../access/prefix.ts'
import type { Protocol } from '../access/words.ts'
import { describeAllow } from './describe.ts'
import type { LiveGrant } from './input.ts'
import { anyPort, compareTexts, prefixesOf, type Flow } from './match.ts'
import { OUR_PREFIX, type Rule } from './rule.ts'

/** What a grant opens, of one address family. Grants that open the same share one rule. */
export interface Opening {
  /** Name of the rule, made from what it opens: whoever computes it finds the rule again. */
  readonly name: string
  readonly flow: Flow
  readonly grants: readonly LiveGrant[]
}

/** What a flow is made from: a live grant or one that has ended. */
export interface Opened {
  readonly addresses: readonly string[]
  readonly port: number
  readonly protocol: Protocol
  /** Canonical CIDRs. */
  readonly sources: readonly string[]
}

/** The flows of a grant, one for each address family that its sources and its machine have in common. */
export function flowsOf(grant: Opened): Flow[] {
  const sources = distinct(prefixesOf(grant.sources))
  const destinations = distinct(prefixesOf(grant.addresses))
  return ([4, 6] as const)
    .map((family) => ({
      sources: sources.filter((prefix) => prefix.family === family),
      destinations: destinations.filter((prefix) => prefix.family === family),
      port: grant.port,
      protocol: grant.protocol,
    }))
    .filter((flow) => flow.sources.length > 0 && flow.destinations.length > 0)
}

/** What the grants open together, by rule name; a grant without a family in common opens nothing. */
export function openingsOf(grants: readonly LiveGrant[]): Opening[] {
  const byName = new Map<string, { name: string; flow: Flow; grants: LiveGrant[] }>()
  for (const grant of grants.toSorted((left, right) => compareTexts(left.grantId, right.grantId)))
    for (const flow of flowsOf(grant)) {
      const name = nameOf(flow)
      const opening = byName.get(name)
      if (opening === undefined) byName.set(name, { name, flow, grants: [grant] })
      else opening.grants.push(grant)
    }
  return [...byName.values()].toSorted((left, right) => compareTexts(left.name, right.name))
}

/** The rule of an opening, at a number. It names the owner whose window ends last. */
export function ruleOf({ name, flow, grants }: Opening, priority: number): Rule {
  const last = grants.reduce((latest, grant) => (Date.parse(grant.endsAt) > Date.parse(latest.endsAt) ? grant : latest))
  return {
    name,
    description: describeAllow(last.grantId, last.endsAt, grants.length - 1),
    priority,
    access: 'ALLOW',
    protocol: flow.protocol,
    sources: flow.sources.map(formatPrefix),
    sourcePorts: [anyPort],
    destinations: flow.destinations.map(formatPrefix),
    ports: [{ first: flow.port, last: flow.port }],
  }
}

function nameOf(flow: Flow): string {
  const sides = [flow.sources, flow.destinations].map((side) => side.map(formatPrefix).join(','))
  return `${OUR_PREFIX}Allow-${shortHash(`${sides.join(' ')} ${flow.port} ${flow.protocol}`)}`
}

/** Enough of a hash to tell the rules of a boundary apart, in characters that a name may hold. */
export function shortHash(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32)
}

/** The prefixes without repeats, in the order of their texts. */
export function distinct(prefixes: readonly Prefix[]): Prefix[] {
  const byText = new Map(prefixes.map((prefix) => [formatPrefix(prefix), prefix]))
  return [...byText].toSorted(([left], [right]) => compareTexts(left, right)).map(([, prefix]) => prefix)
}
