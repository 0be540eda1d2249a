import { closingsOf, denyOf } from './closing.ts'
import type { BoundaryInput } from './input.ts'
import { compareTexts, readRules } from './match.ts'
import { openingsOf, ruleOf } from './opening.ts'
import { placeAllows } from './place-allows.ts'
import { placeDenies } from './place-denies.ts'
import type { Refusal } from './refusal.ts'
import { placingOf } from './placing.ts'
import { isOurs, type Rule } from './rule.ts'
import { withoutFamily, withoutNumber } from './unplaced.ts'

/** The rules of ours that a boundary should show. */
export interface Desired {
  /** By number. */
  readonly rules: readonly Rule[]
  /** The grants that each allow stands for, by rule name. */
  readonly owners: ReadonlyMap<string, readonly string[]>
  /** Grants that cannot be opened here, by id. */
  readonly unplaced: readonly Refusal[]
}

/**
 * What follows from the policies and live grants of a boundary, given the rules it shows: a deny for what is closed, an
 * allow ahead of it for what is granted. Rules of ours keep the number they have where it still serves.
 */
export function desiredRules(input: BoundaryInput, present: readonly Rule[]): Desired {
  const foreign = readRules(present.filter((rule) => !isOurs(rule)))
  const closings = closingsOf(input.machines)
  const openings = openingsOf(input.grants)
  const numbers = numbersOf(present, [...closings, ...openings])

  const standing = openings.filter(({ name }) => numbers.has(name))
  const denyNumbers = placeDenies(closings, { foreign, openings: standing, numbers })
  const denies = withNumbers(closings, denyNumbers, denyOf)

  const stops = readRules(denies)
  const placings = openings.map((opening) => placingOf(opening, stops, foreign, numbers.get(opening.name) ?? null))
  const taken = new Set([...foreign.map(({ rule }) => rule.priority), ...denyNumbers.values()])
  const placed = placeAllows(placings, taken)
  const crowdedOut = openings.filter(({ name }) => !placed.has(name))
  // The rule of a live grant stays where somebody moved it rather than go, when there is no better number.
  const crowded = new Set(crowdedOut.map(({ name }) => name))
  const allowNumbers = new Map([...placed, ...[...numbers].filter(([name]) => crowded.has(name))])
  const shown = openings.filter(({ name }) => allowNumbers.has(name))
  return {
    rules: [...denies, ...withNumbers(shown, allowNumbers, ruleOf)].toSorted(
      (left, right) => left.priority - right.priority,
    ),
    owners: new Map(shown.map(({ name, grants }) => [name, grants.map(({ grantId }) => grantId)])),
    unplaced: [...withoutFamily(input.grants, openings), ...withoutNumber(crowdedOut, placings)].toSorted(
      (left, right) => compareTexts(left.grantId, right.grantId),
    ),
  }
}

/** The numbers that rules of these names have now; the cloud takes names in any case. */
function numbersOf(present: readonly Rule[], named: readonly { readonly name: string }[]): Map<string, number> {
  const all = new Map(present.map((rule) => [rule.name.toLowerCase(), rule.priority]))
  return new Map(
    named.flatMap(({ name }) => {
      const number = all.get(name.toLowerCase())
      return number === undefined ? [] : [[name, number]]
    }),
  )
}

function withNumbers<Named extends { readonly name: string }>(
  named: readonly Named[],
  numbers: ReadonlyMap<string, number>,
  make: (one: Named, number: number) => Rule,
): Rule[] {
  return named.flatMap((one) => {
    const number = numbers.get(one.name)
    return number === undefined ? [] : [make(one, number)]
  })
}
