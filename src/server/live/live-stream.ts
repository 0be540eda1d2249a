import { atMoment, type Clock } from '../../time/clock.ts'
import type { Result } from './result.ts'
import type { ResultQueue } from './result-queue.ts'
import type { Sink } from './sink.ts'

/** A live subscription. Its results are read from it, or are sent to a transport of the reader's own. */
export interface LiveStream extends AsyncIterableIterator<Result, undefined> {
  /** Sends the results to `sink` from now on: what is read from the stream is then only its end. */
  into(sink: Sink): void
}

export interface LiveStreamOptions {
  readonly queue: ResultQueue
  readonly clock: Clock
  /** When the token ends, in milliseconds since the epoch. */
  readonly until: number
  /** Ends the subscription with a last word, at the end of its token. */
  readonly expire: () => void
  /** The reader has gone. */
  readonly close: () => void
  readonly redirect: (sink: Sink) => void
}

export function createLiveStream({ queue, clock, until, ...member }: LiveStreamOptions): LiveStream {
  const disarm = atMoment(clock, until, member.expire)
  const end = () => {
    disarm()
    member.close()
    queue.close()
    return Promise.resolve(over)
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    into(sink) {
      // A transport of its own ends with the token by itself.
      disarm()
      sink.send(queue.drain())
      member.redirect(sink)
    },
    async next() {
      const value = await queue.next()
      if (value !== undefined) return { done: false, value }
      disarm()
      return over
    },
    return: end,
    throw: end,
  }
}

const over = { done: true, value: undefined } as const
