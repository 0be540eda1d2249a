/**
 * The numbers our rules stand at, ends included; the cloud evaluates lower ones first. Allows stand ahead of denies;
 * a deny leaves its band only to stand ahead of a foreign allow, or when the band is full.
 */
export const bands = {
  allow: { first: 100, last: 899 },
  deny: { first: 900, last: 999 },
  overflow: { first: 1_000, last: 4_096 },
} as const

/** Numbers that cannot be had. */
export type Taken = { has(number: number): boolean }

/** The lowest number from `first` to `last` that is not taken; null when there is none. */
export function lowestFree(taken: Taken, first: number, last: number): number | null {
  for (let number = first; number <= last; number += 1) if (!taken.has(number)) return number
  return null
}

/** The highest number from `last` down to `first` that is not taken; null when there is none. */
export function highestFree(taken: Taken, first: number, last: number): number | null {
  for (let number = last; number >= first; number -= 1) if (!taken.has(number)) return number
  return null
}

/** Whether allows that must stand ahead of these limits can all have a number in their band. */
export function allFit(limits: readonly number[], taken: Taken): boolean {
  let next: number = bands.allow.first
  for (const limit of limits.toSorted((left, right) => left - right)) {
    const number = lowestFree(taken, next, limit - 1)
    if (number === null) return false
    next = number + 1
  }
  return true
}
