import type { ServerResponse } from 'node:http'
import type { Clock } from '../time/clock.ts'

/** A reader who took nothing for two looks in a row is let go, and resumes by its cursor. */
const LOOK_EVERY_MS = 15_000

/** Lets go a reader that stopped reading; answers how to stop watching. */
export function watchReader(res: ServerResponse, clock: Clock): () => void {
  let waiting = 0
  let cancel = () => {}
  const look = () => {
    if (waiting > 0 && res.writableLength === waiting) {
      res.destroy()
      return
    }
    waiting = res.writableLength
    cancel = clock.after(LOOK_EVERY_MS, look)
  }
  look()
  return () => {
    cancel()
  }
}
