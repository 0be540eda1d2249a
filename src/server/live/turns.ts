/**
 * Lets work that can wait go on in pieces, one in each turn of the event loop, in the order in which they ask: whatever
 * else there is to do comes in between, however many pieces wait.
 */
export function createTurns(): () => Promise<void> {
  const waiting = new Set<() => void>()
  const next = () => {
    for (const goOn of waiting) {
      waiting.delete(goOn)
      goOn()
      break
    }
    if (waiting.size > 0) setImmediate(next)
  }
  return () =>
    new Promise((resolve) => {
      waiting.add(resolve)
      if (waiting.size === 1) setImmediate(next)
    })
}
