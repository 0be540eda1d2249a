import { pause, type Clock } from '../time/clock.ts'

/** What must hold before calls are sent here, by name. A check answers false or throws when it does not. */
export type ReadinessChecks = Readonly<Record<string, () => boolean | Promise<boolean>>>

const ANSWER_WITHIN_MS = 2_000

/** The names of the checks that do not hold now; one that does not answer in time does not hold. */
export async function failingChecks(checks: ReadinessChecks, clock: Clock): Promise<string[]> {
  const answers = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => ({ name, holds: await holds(check, clock) })),
  )
  return answers.filter((answer) => !answer.holds).map((answer) => answer.name)
}

async function holds(check: () => boolean | Promise<boolean>, clock: Clock): Promise<boolean> {
  const answered = new AbortController()
  try {
    const late = pause(clock, ANSWER_WITHIN_MS, answered.signal).then(() => false)
    return await Promise.race([Promise.resolve().then(check), late])
  } catch {
    return false
  } finally {
    answered.abort()
  }
}
