import { formatPrefix, prefixContains, type Prefix } from '../access/prefix.ts'
import type { LiveGrant } from './input.ts'
import { prefixesOf } from './match.ts'
import { isOurAllow, type Rule } from './rule.ts'

/**
 * Tells which of the grants give all that an allow of ours admits: no other source, machine, port or protocol. For any
 * other rule the answer is empty.
 */
export function giversOf(grants: readonly LiveGrant[]): (rule: Rule) => readonly LiveGrant[] {
  const byPlace = new Map<string, Giver[]>()
  for (const grant of grants) {
    const giver = { grant, sources: prefixesOf(grant.sources), addresses: prefixesOf(grant.addresses) }
    for (const address of giver.addresses) {
      const place = placeOf(address, grant.port)
      const givers = byPlace.get(place)
      if (givers === undefined) byPlace.set(place, [giver])
      else givers.push(giver)
    }
  }
  return (rule) => {
    if (!isOurAllow(rule)) return []
    const sides = { sources: blocksOf(rule.sources), destinations: blocksOf(rule.destinations) }
    const [first] = sides.destinations ?? []
    const port = rule.ports[0]?.first
    if (first === undefined || port === undefined || sides.sources === null) return []
    const admitted = { rule, sources: sides.sources, destinations: sides.destinations ?? [] }
    return (byPlace.get(placeOf(first, port)) ?? []).filter((giver) => gives(giver, admitted)).map(({ grant }) => grant)
  }
}

interface Giver {
  readonly grant: LiveGrant
  readonly sources: readonly Prefix[]
  readonly addresses: readonly Prefix[]
}

const placeOf = (address: Prefix, port: number) => `${formatPrefix(address)} ${port}`

interface Admitted {
  readonly rule: Rule
  readonly sources: readonly Prefix[]
  readonly destinations: readonly Prefix[]
}

function gives({ grant, sources, addresses }: Giver, admitted: Admitted): boolean {
  const { ports, protocol } = admitted.rule
  return (
    ports.every(({ first, last }) => first === grant.port && last === grant.port) &&
    (grant.protocol === 'ANY' ? protocol !== 'OTHER' : protocol === grant.protocol) &&
    areInside(admitted.destinations, addresses) &&
    areInside(admitted.sources, sources)
  )
}

const areInside = (blocks: readonly Prefix[], outer: readonly Prefix[]) =>
  blocks.every((block) => outer.some((other) => prefixContains(other, block)))

/** The addresses of one side of a rule; null when there are none, or when any of them is no prefix. */
function blocksOf(texts: readonly string[]): Prefix[] | null {
  const blocks = prefixesOf(texts)
  return texts.length > 0 && blocks.length === texts.length ? blocks : null
}
