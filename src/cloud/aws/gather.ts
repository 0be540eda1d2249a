import { pause, type Clock } from '../../time/clock.ts'

/** How long the first of several waits for the others, in milliseconds: nothing beside a call to EC2. */
const GATHER_MS = 10

/**
 * Makes one call of many that are wanted at about the same time: `ask` is given everything that was wanted of a key
 * since the last call began. Whoever wants something later than that gets an answer of a later call.
 */
export function gathering<Wanted, Answer>(
  clock: Clock,
  ask: (key: string, wanted: readonly Wanted[]) => Promise<Answer>,
): (key: string, wanted: Wanted) => Promise<Answer> {
  const open = new Map<string, { readonly wanted: Wanted[]; readonly answer: Promise<Answer> }>()
  return (key, wanted) => {
    const joined = open.get(key)
    if (joined !== undefined) {
      joined.wanted.push(wanted)
      return joined.answer
    }
    const gathered = [wanted]
    const answer = pause(clock, GATHER_MS).then(() => {
      open.delete(key)
      return ask(key, gathered)
    })
    open.set(key, { wanted: gathered, answer })
    return answer
  }
}
