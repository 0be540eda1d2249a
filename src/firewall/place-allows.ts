import { compareTexts } from './match.ts'
import { allFit, bands, lowestFree } from './number.ts'

/** An allow that wants a number. Both limits are numbers that it is to stand ahead of. */
export interface Placing {
  readonly name: string
  /** The first deny of ours in its way, or the end of the band: it has no place behind that. */
  readonly limit: number
  /** As `limit`, or a foreign deny in its way before that. */
  readonly wish: number
  /** The number the rule has now; null when it is not there. */
  readonly present: number | null
}

/**
 * A number for each allow, by name; a name without one has no place. Whoever has a number goes before whoever wants
 * one, and keeps it, unless somebody would then have to stand behind a deny: in that case all are dealt anew, by
 * urgency, if nobody loses by it.
 */
export function placeAllows(placings: readonly Placing[], taken: ReadonlySet<number>): ReadonlyMap<string, number> {
  const admitted = admit(placings, taken)
  const kept = deal(admitted, taken)
  if (kept.size === admitted.length && lateOf(admitted, kept).size === 0) return kept
  const dealt = deal(
    admitted.map((placing) => ({ ...placing, present: null })),
    taken,
  )
  if (kept.size < admitted.length) return dealt
  const [before, after] = [lateOf(admitted, kept), lateOf(admitted, dealt)]
  return after.size < before.size && after.isSubsetOf(before) ? dealt : kept
}

/** The allows for which there is room; those that stand already come first. */
function admit(placings: readonly Placing[], taken: ReadonlySet<number>): readonly Placing[] {
  if (hasRoom(placings, taken)) return placings
  const admitted: Placing[] = []
  const queue = placings.toSorted((left, right) => rankOf(left) - rankOf(right) || compareTexts(left.name, right.name))
  for (const placing of queue) if (hasRoom([...admitted, placing], taken)) admitted.push(placing)
  return admitted
}

const rankOf = ({ present, limit }: Placing) => (present === null ? 2 : present < limit ? 0 : 1)

const hasRoom = (placings: readonly Placing[], taken: ReadonlySet<number>) =>
  allFit(
    placings.map(({ limit }) => limit),
    taken,
  )

function deal(placings: readonly Placing[], takenBefore: ReadonlySet<number>): Map<string, number> {
  const taken = new Set(takenBefore)
  const numbers = new Map<string, number>()
  const give = (name: string, number: number | null) => {
    if (number === null) return
    numbers.set(name, number)
    taken.add(number)
  }
  const keeps = ({ present }: Placing, bound: number) =>
    present !== null && present >= bands.allow.first && present < bound && !taken.has(present) ? present : null
  for (const placing of placings) give(placing.name, keeps(placing, placing.wish))
  const moving = placings.filter(({ name }) => !numbers.has(name))
  // The most urgent first, each at the lowest number: if all can stand ahead of their limits, this finds how.
  for (const placing of moving.toSorted(byUrgency)) {
    const { name, limit, wish } = placing
    const ahead = lowestFree(taken, bands.allow.first, wish - 1)
    give(name, ahead ?? keeps(placing, limit) ?? lowestFree(taken, bands.allow.first, limit - 1))
  }
  return numbers
}

const byUrgency = (left: Placing, right: Placing) =>
  left.limit - right.limit || left.wish - right.wish || compareTexts(left.name, right.name)

/** Names of the allows that would stand behind a foreign deny. */
const lateOf = (placings: readonly Placing[], numbers: ReadonlyMap<string, number>) =>
  new Set(placings.filter(({ name, wish }) => (numbers.get(name) ?? wish) >= wish).map(({ name }) => name))
