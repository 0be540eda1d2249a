import type { Activity, Cursor, Feed } from '../../activity/activity.ts'
import { describeError } from '../../log/describe-error.ts'
import type { Log } from '../../log/log.ts'

/** Whoever is told of every fact. */
export interface Follower {
  /** A reading begins: what is taken next follows `head`. */
  begin(head: Cursor): void
  /** Takes a fact; the next is read when it has. */
  take(fact: Activity, signal: AbortSignal): Promise<void> | void
  /** The reading has failed: what follows is not read. */
  fail(): void
}

/** The one reading of the log, as long as anybody has a subscription. */
export interface LogReader {
  /** Tells `follower` of all facts, after those who were added before it. */
  add(follower: Follower): void
  /** One more subscription; resolves when facts that are committed from then on will be told. */
  hold(): Promise<void>
  /** One fewer. */
  release(): void
  /** Aborted when the present reading is over. */
  readonly signal: AbortSignal
}

export function createLogReader({ feed, log }: { readonly feed: Feed; readonly log: Log }): LogReader {
  const followers: Follower[] = []
  let holders = 0
  let reading: { readonly begun: Promise<void>; readonly over: AbortController } | null = null

  const begin = () => {
    const over = new AbortController()
    const begun = (async () => {
      const now = await feed.now(over.signal)
      if (now === null) return
      for (const follower of followers) follower.begin(now.start)
      void read(now.start, over.signal)
    })()
    return { begun, over }
  }

  const read = async (head: Cursor, signal: AbortSignal) => {
    try {
      for await (const fact of feed.read(head, signal))
        for (const follower of followers) {
          if (signal.aborted) return
          await follower.take(fact, signal)
        }
    } catch (error) {
      log.warn({ error: describeError(error) }, 'subscriptions cannot be served from the log')
    }
    if (signal.aborted) return
    reading = null
    for (const follower of followers) follower.fail()
  }

  return {
    add: (follower) => void followers.push(follower),
    hold() {
      holders += 1
      return (reading ??= begin()).begun
    },
    release() {
      holders -= 1
      if (holders > 0) return
      reading?.over.abort()
      reading = null
    },
    get signal() {
      return reading?.over.signal ?? AbortSignal.abort()
    },
  }
}
