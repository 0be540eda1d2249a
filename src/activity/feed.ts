import type { Log } from '../log/log.ts'
import { listen } from '../store/listen.ts'
import type { Store } from '../store/store.ts'
import { backoffMs, type Backoff } from '../time/backoff.ts'
import { pause, type Clock } from '../time/clock.ts'
import type { Activity, Cursor, Feed } from './activity.ts'
import { compareCursors } from './cursor.ts'
import { liveQueue } from './live-queue.ts'
import { rowsAfter } from './log-rows.ts'
import { takeSnapshot } from './snapshot.ts'
import { startTail } from './tail.ts'

const RETRY: Backoff = { firstMs: 100, mostMs: 5_000 }

/** How a feed works; the figures have defaults that suit a gateway. */
export interface FeedOptions {
  readonly store: Store
  /** The database, for the connection that listens. */
  readonly url: string
  readonly clock: Clock
  readonly log: Log
  /** How often to look when no hint came, in milliseconds. */
  readonly pollMs?: number
  /** Rows that wait for one reader before it is sent back to the log. */
  readonly queueRows?: number
  /** Rows read from the log at a time by a reader that catches up. */
  readonly pageRows?: number
}

/**
 * The feed of this process. While the database is away readers wait, and go on where they were when it is back.
 * `stop` ends every reader as its own signal would.
 */
export function startFeed(options: FeedOptions): Feed & { stop(): Promise<void> } {
  const { store, url, clock, log, pollMs = 1_000, queueRows = 1_000, pageRows = 500 } = options
  const tail = startTail({ store, clock, log, pollMs })
  const hints = listen(url, ['jit_activity'], () => tail.wake(), log)
  const stopping = new AbortController()

  /** What `ask` answers, once the database does; null when `signal` is aborted first. */
  const persist = async <Answer>(ask: () => Promise<Answer>, signal: AbortSignal): Promise<Answer | null> => {
    for (let failures = 1; !signal.aborted; failures++)
      try {
        return await ask()
      } catch (error) {
        log.warn({ error: (error as Error).message, failures }, 'a reader of the activity log waits for the database')
        await pause(clock, backoffMs(RETRY, failures, Math.random()), signal)
      }
    return null
  }

  async function* read(after: Cursor, signal: AbortSignal): AsyncGenerator<Activity, undefined> {
    const queue = liveQueue(queueRows)
    // Not left to `finally`: a reader that is between two rows when it goes never comes back to run it.
    const leave = () => {
      queue.close()
      tail.leave(queue)
    }
    signal.addEventListener('abort', leave, { once: true })
    try {
      let cursor = after
      await Promise.race([tail.join(queue), aborted(signal)])
      while (!signal.aborted) {
        // The queue takes live rows before the log is read: whatever the page is too early to hold comes by it.
        queue.restart()
        const page = await persist(() => rowsAfter(store, cursor, pageRows), signal)
        for (const row of page?.settled ?? []) {
          cursor = row.cursor
          yield row
          if (signal.aborted) return
        }
        if (page === null || (page.full && !page.unsettled)) continue
        for (let row = await queue.next(); row !== null; row = await queue.next()) {
          if (compareCursors(row.cursor, cursor) <= 0) continue
          cursor = row.cursor
          yield row
        }
      }
    } finally {
      signal.removeEventListener('abort', leave)
      leave()
    }
  }

  const untilStopped = (signal: AbortSignal) => AbortSignal.any([signal, stopping.signal])

  return {
    now: (signal) => persist(() => takeSnapshot(store), untilStopped(signal)),
    history: (after, limit, signal) => persist(() => rowsAfter(store, after, limit), untilStopped(signal)),
    read: (after, signal) => read(after, untilStopped(signal)),
    async stop() {
      stopping.abort()
      await Promise.all([hints.stop(), tail.stop()])
    },
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
