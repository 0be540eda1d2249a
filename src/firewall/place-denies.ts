import { denyOf, flowsTo, type Closing } from './closing.ts'
import { readRules, touches, type ReadRule } from './match.ts'
import { allFit, bands, highestFree, lowestFree, type Taken } from './number.ts'
import type { Opening } from './opening.ts'
import { passingAllows } from './shadow.ts'

/** What stands at a boundary already and bears on where denies can go. */
export interface Standing {
  /** In the order of evaluation. */
  readonly foreign: readonly ReadRule[]
  /** Openings whose rule is there: no deny may leave them without a number ahead of it. */
  readonly openings: readonly Opening[]
  /** The numbers of our rules, by name, kept where they still serve. */
  readonly numbers: ReadonlyMap<string, number>
}

/** A number for each deny, by name: in the deny band, but ahead of every foreign allow that it can be ahead of. */
export function placeDenies(closings: readonly Closing[], standing: Standing): Map<string, number> {
  const taken = new Set(standing.foreign.map(({ rule }) => rule.priority))
  for (const { name } of standing.openings) {
    const number = standing.numbers.get(name) ?? 0
    if (number >= bands.deny.first) taken.add(number)
  }
  const limits = new Map(standing.openings.map((opening) => [opening, bands.allow.last + 1]))
  const numbers = new Map<string, number>()
  const give = (name: string, number: number) => {
    numbers.set(name, number)
    taken.add(number)
  }
  // Numbers ahead of the deny band are scarce: they are dealt anew each time, the most pressing first.
  const settled = closings
    .map((closing) => ({ closing, allows: allowsAhead(closing, standing.foreign) }))
    .toSorted((left, right) => (left.allows[0] ?? NEVER) - (right.allows[0] ?? NEVER))
    .flatMap(({ closing, allows }) => {
      const { name } = closing
      for (const allow of allows) {
        if (allow > bands.deny.first) return [{ name, bound: allow }]
        const number = highestFree(taken, bands.allow.first, allow - 1)
        if (number !== null && moveAhead(closing, number, limits, taken)) {
          give(name, number)
          return []
        }
      }
      return [{ name, bound: NEVER }]
    })
  const had = standing.numbers
  for (const { name, bound } of settled) {
    const number = had.get(name)
    if (number !== undefined && isIn(bands.deny, number, bound) && !taken.has(number)) give(name, number)
  }
  const reserved = new Set(settled.flatMap(({ name }) => had.get(name) ?? []))
  for (const { name, bound } of settled)
    if (!numbers.has(name)) give(name, findNumber(taken, reserved, bound, had.get(name)))
  return numbers
}

/** Behind every number there is. */
const NEVER = bands.overflow.last + 1

/** Numbers of the foreign allows that may let somebody through to what must be closed, ascending. */
function allowsAhead(closing: Closing, foreign: readonly ReadRule[]): number[] {
  const found = new Set<number>()
  for (const address of closing.addresses)
    for (const port of closing.ports)
      for (const flow of flowsTo(address, port, closing.protocol))
        for (const { rule } of passingAllows(flow, foreign)) found.add(rule.priority)
  return [...found].toSorted((left, right) => left - right)
}

/** Tightens the limits of the openings that a deny at this number stops, if all of them can still stand ahead of it. */
function moveAhead(closing: Closing, number: number, limits: Map<Opening, number>, taken: Taken): boolean {
  const [deny] = readRules([denyOf(closing, number)])
  const tightened = [...limits].map(([opening, limit]) => {
    const stopped = deny !== undefined && touches(deny, opening.flow)
    return [opening, stopped ? Math.min(limit, number) : limit] as const
  })
  const fit = allFit(
    tightened.map(([, limit]) => limit),
    { has: (one) => one === number || taken.has(one) },
  )
  if (fit) for (const [opening, limit] of tightened) limits.set(opening, limit)
  return fit
}

const isIn = (band: { readonly first: number; readonly last: number }, number: number, bound: number) =>
  number >= band.first && number <= band.last && number < bound

/** The band, then behind it, then ahead of it. A boundary holds fewer rules than there are numbers: one is free. */
function findNumber(taken: Taken, reserved: Taken, bound: number, had: number | undefined): number {
  const open: Taken = { has: (number) => taken.has(number) || (reserved.has(number) && number !== had) }
  const { deny, overflow, allow } = bands
  const behind = had !== undefined && isIn(overflow, had, bound) && !taken.has(had) ? had : null
  return (
    lowestFree(open, deny.first, Math.min(deny.last, bound - 1)) ??
    behind ??
    lowestFree(open, overflow.first, Math.min(overflow.last, bound - 1)) ??
    highestFree(taken, allow.first, Math.min(allow.last, bound - 1)) ??
    highestFree(taken, allow.first, overflow.last) ??
    overflow.last
  )
}
