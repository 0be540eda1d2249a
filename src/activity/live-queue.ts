import type { Activity } from './activity.ts'

/** Live rows on their way to one reader. Bounded: a reader that does not keep up loses the queue, not the process. */
export interface LiveQueue {
  /** Puts a row at the end. A queue that is full drops everything, and whatever comes after. */
  offer(row: Activity): void
  /** The next row, as soon as there is one; null when rows were dropped or the queue was closed. One caller at a time. */
  next(): Promise<Activity | null>
  /** Empties the queue and takes rows again. */
  restart(): void
  /** For good: `next` answers null from now on. */
  close(): void
}

/** A queue of at most `limit` rows. */
export function liveQueue(limit: number): LiveQueue {
  let rows: Activity[] = []
  let state: 'taking' | 'dropped' | 'closed' = 'taking'
  let waiting: ((row: Activity | null) => void) | null = null

  const give = (row: Activity | null) => {
    waiting?.(row)
    waiting = null
  }
  return {
    offer(row) {
      if (state !== 'taking') return
      if (waiting !== null) give(row)
      else if (rows.length < limit) rows.push(row)
      else {
        rows = []
        state = 'dropped'
      }
    },
    next() {
      const row = rows.shift()
      if (row !== undefined) return Promise.resolve(row)
      if (state !== 'taking') return Promise.resolve(null)
      return new Promise((resolve) => {
        waiting = resolve
      })
    },
    restart() {
      rows = []
      if (state === 'dropped') state = 'taking'
    },
    close() {
      rows = []
      state = 'closed'
      give(null)
    },
  }
}
