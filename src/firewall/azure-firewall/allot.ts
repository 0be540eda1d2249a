import { anyPort, compareTexts } from '../match.ts'
import { shortHash, type Opening } from '../opening.ts'
import { isOurs, type Endpoint, type PortRange, type Rule } from '../rule.ts'
import { endpointOf, takesAt, targetOf } from './nat-rule.ts'

/**
 * The public ports that are given out, ends included: above what services and people use, below those that a firewall
 * keeps for its own management (64,000 and up).
 */
export const publicPorts = { first: 20_000, last: 59_999 } as const

/**
 * The public endpoint of each opening, by the opening's name; one without an entry has none. Whatever leads to the same
 * port of the same machine has the same endpoint, whoever comes: an endpoint belongs to a machine's port and not to a
 * grant. It is kept for as long as anything needs it, and is otherwise made from what it leads to, so that it tends to be
 * the same the next time. It is never one that a foreign rule may match, nor one that leads elsewhere now.
 */
export function allot(
  openings: readonly Opening[],
  present: readonly Rule[],
  publicAddresses: readonly string[],
): Map<string, Endpoint> {
  const foreign = present.filter((rule) => !isOurs(rule))
  const foreignPorts: ForeignPorts = new Map(
    publicAddresses.map((address) => [
      address,
      foreign.filter((rule) => takesAt(rule, address)).flatMap((rule) => rule.ports),
    ]),
  )
  const taken = new Set<string>()
  const byTarget = new Map<string, Endpoint>()
  const give = (target: string, endpoint: Endpoint) => {
    byTarget.set(target, endpoint)
    taken.add(textOf(endpoint))
  }
  const targets = Map.groupBy(openings, (opening) => textOf(targetOf(opening)))
  const inOrder = [...targets].toSorted(([left], [right]) => compareTexts(left, right))

  // What has been given to grants that live stands, then what the rules show; only then is anything given out.
  const claims = [
    ...inOrder.map(([target, some]) => [target, givenTo(some)] as const),
    ...inOrder.map(([target, some]) => [target, shownFor(some, present)] as const),
  ]
  for (const [target, endpoints] of claims) {
    const isKept = (one: Endpoint) =>
      !byTarget.has(target) && !taken.has(textOf(one)) && coveringRange(foreignPorts, one) === null
    for (const endpoint of endpoints) if (isKept(endpoint)) give(target, endpoint)
  }
  // A rule that goes now may have somebody who still tries it: what it had is not given to another at once.
  for (const endpoint of present.filter(isOurs).flatMap((rule) => endpointOf(rule) ?? [])) taken.add(textOf(endpoint))
  for (const [target] of inOrder) {
    const endpoint = byTarget.has(target) ? null : firstFree(target, foreignPorts, taken)
    if (endpoint !== null) give(target, endpoint)
  }
  return new Map(
    openings.flatMap((opening) => {
      const endpoint = byTarget.get(textOf(targetOf(opening)))
      return endpoint === undefined ? [] : [[opening.name, endpoint]]
    }),
  )
}

/** Ports that foreign rules may match, by public address. */
type ForeignPorts = ReadonlyMap<string, readonly PortRange[]>

/** The foreign ports that an endpoint is among, or all there are where the firewall does not have its address; else null. */
function coveringRange(foreignPorts: ForeignPorts, { address, port }: Endpoint): PortRange | null {
  const ranges = foreignPorts.get(address)
  if (ranges === undefined) return anyPort
  return ranges.find(({ first, last }) => first <= port && port <= last) ?? null
}

/** Endpoints by which grants of the openings were let in before. */
const givenTo = (openings: readonly Opening[]) =>
  openings
    .flatMap(({ grants }) => grants)
    .toSorted((left, right) => compareTexts(left.grantId, right.grantId))
    .flatMap(({ endpoint }) => endpoint ?? [])

/** Endpoints that rules of ours have now for the openings. */
function shownFor(openings: readonly Opening[], present: readonly Rule[]): Endpoint[] {
  const names = new Set(openings.map(({ name }) => name.toLowerCase()))
  return present
    .filter((rule) => isOurs(rule) && names.has(rule.name.toLowerCase()))
    .toSorted((left, right) => compareTexts(left.name, right.name))
    .flatMap((rule) => endpointOf(rule) ?? [])
}

/** The first port from the one that the target stands for, at the first address that has one. */
function firstFree(target: string, foreignPorts: ForeignPorts, taken: ReadonlySet<string>): Endpoint | null {
  const { first, last } = publicPorts
  const begin = first + (Number.parseInt(shortHash(target).slice(0, 8), 16) % (last - first + 1))
  for (const address of foreignPorts.keys())
    for (const [from, to] of [
      [begin, last],
      [first, begin - 1],
    ] as const)
      for (let port = from; port <= to; port += 1) {
        const endpoint = { address, port }
        const range = coveringRange(foreignPorts, endpoint)
        if (range !== null) port = range.last
        else if (!taken.has(textOf(endpoint))) return endpoint
      }
  return null
}

const textOf = ({ address, port }: Endpoint) => `${address}:${String(port)}`
