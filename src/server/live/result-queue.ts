import type { Result } from './result.ts'
import type { Sink } from './sink.ts'

/** Results that wait for a reader who keeps up. */
const MOST_WAITING = 50

/** Results that are taken one by one. */
export interface ResultQueue extends Sink {
  /** The next result, as soon as there is one; undefined when the queue was closed and nothing is left. One caller at a time. */
  next(): Promise<Result | undefined>
  /** Takes all that waits. */
  drain(): Result[]
  /** No more will come. */
  close(): void
}

export function createResultQueue(): ResultQueue {
  let waiting: Result[] = []
  let closed = false
  let reader: ((result: Result | undefined) => void) | null = null
  let drained: PromiseWithResolvers<void> | null = null

  const give = () => {
    if (reader !== null && (waiting.length > 0 || closed)) {
      reader(waiting.shift())
      reader = null
    }
    if (waiting.length > 0 && !closed) return
    drained?.resolve()
    drained = null
  }
  return {
    send(results) {
      waiting.push(...results)
      give()
    },
    isBehind: () => waiting.length > MOST_WAITING,
    caughtUp: () => (drained ??= Promise.withResolvers<void>()).promise,
    next: () =>
      new Promise((resolve) => {
        reader = resolve
        give()
      }),
    drain() {
      const taken = waiting
      waiting = []
      give()
      return taken
    },
    close() {
      closed = true
      give()
    },
  }
}
