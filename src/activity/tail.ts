import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import { backoffMs, type Backoff } from '../time/backoff.ts'
import type { Clock } from '../time/clock.ts'
import type { Cursor } from './activity.ts'
import type { LiveQueue } from './live-queue.ts'
import { rowsAfter } from './log-rows.ts'
import { takeSnapshot } from './snapshot.ts'

const PAGE_ROWS = 500
const RETRY: Backoff = { firstMs: 100, mostMs: 5_000 }
/** How soon to look again when rows wait for an older transaction to end: nobody notifies of that. */
const UNSETTLED: Backoff = { firstMs: 4, mostMs: 250 }

/** The end of the log as it grows: read once a process, however many readers there are, and not at all without one. */
export interface Tail {
  /**
   * From the moment this resolves, `queue` is offered every row that becomes final, in order. It may be offered rows
   * that were final before; a row that is not offered can be read from the log by then.
   */
  join(queue: LiveQueue): Promise<void>
  leave(queue: LiveQueue): void
  /** Looks now: something may have been committed. */
  wake(): void
  /** Stops looking, and waits for a look in progress. */
  stop(): Promise<void>
}

/** A tail that looks when woken, and every `pollMs` by `clock` while somebody reads. */
export function startTail(options: { store: Store; clock: Clock; log: Log; pollMs: number }): Tail {
  const { store, clock, log, pollMs } = options
  const queues = new Set<LiveQueue>()
  let head: Cursor | null = null
  let headKnown = Promise.withResolvers<void>()
  let running: Promise<void> | null = null
  let woken = false
  let stopped = false
  let failures = 0
  let unsettledLooks = 0
  let cancelNextLook = () => {}

  const idle = () => stopped || queues.size === 0

  const wake = () => {
    woken = true
    if (idle() || running !== null) return
    cancelNextLook()
    running = run()
  }

  const run = async () => {
    let nextLookMs = pollMs
    while (woken && !idle()) {
      // Cleared before looking: a hint that comes during the look is not lost.
      woken = false
      nextLookMs = await look()
    }
    running = null
    if (idle()) forget()
    else cancelNextLook = clock.after(nextLookMs, wake)
  }

  /** Offers what is new; answers in how many milliseconds to look again when no hint comes. */
  const look = async (): Promise<number> => {
    try {
      if (head === null) {
        head = (await takeSnapshot(store)).start
        headKnown.resolve()
      }
      const { settled, full, unsettled } = await rowsAfter(store, head, PAGE_ROWS)
      for (const row of settled) for (const queue of queues) queue.offer(row)
      head = settled.at(-1)?.cursor ?? head
      failures = 0
      if (full && !unsettled) woken = true
      unsettledLooks = unsettled ? unsettledLooks + 1 : 0
      return unsettled ? Math.min(pollMs, backoffMs(UNSETTLED, unsettledLooks, Math.random())) : pollMs
    } catch (error) {
      failures += 1
      log.warn({ error: (error as Error).message, failures }, 'the activity log could not be read')
      return backoffMs(RETRY, failures, Math.random())
    }
  }

  /** Nobody reads any more: whoever comes next begins at the end that the log has by then. */
  const forget = () => {
    cancelNextLook()
    head = null
    headKnown = Promise.withResolvers()
  }

  return {
    wake,
    async join(queue) {
      queues.add(queue)
      if (head === null) {
        wake()
        await headKnown.promise
      }
    },
    leave(queue) {
      queues.delete(queue)
      if (idle() && running === null) forget()
    },
    async stop() {
      stopped = true
      await running
      forget()
    },
  }
}
