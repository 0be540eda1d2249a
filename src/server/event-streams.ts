import type { ServerResponse } from 'node:http'
import { isAsyncIterable, type Plugin } from 'graphql-yoga'
import type { GatewayContext } from '../graphql/context.ts'
import type { Clock } from '../time/clock.ts'
import { unavailable } from './errors.ts'
import { watchReader } from './reader-watch.ts'
import type { StreamCap } from './stream-cap.ts'

/** Subscriptions that are being sent as server-sent events. */
export interface EventStreams {
  readonly cap: StreamCap
  readonly open: Set<ServerResponse>
}

/** A stream ends itself with its token, and says so; this much later it is cut. */
const LAST_WORD_MS = 1_000

/**
 * Keeps the streams of server-sent events within bounds: their number, their token's end, and readers that stopped
 * reading. A stream is cut rather than completed: to a client `complete` means that nothing more will ever come, and it
 * would not resume.
 */
export function useEventStreams(
  { cap, open }: EventStreams,
  clock: Clock,
): Plugin<object, object, Partial<GatewayContext>> {
  return {
    onSubscribe({ args, setResultAndStopExecution }) {
      const { res, authenticatedUntil } = args.contextValue as { res?: ServerResponse } & GatewayContext
      if (res === undefined) return undefined
      if (!cap.take()) {
        setResultAndStopExecution({
          errors: [unavailable('Too many clients are connected. Try again later.')],
        } as never)
        return undefined
      }
      open.add(res)
      const disarm = clock.after(authenticatedUntil - clock.now() + LAST_WORD_MS, () => res.destroy())
      const unwatch = watchReader(res, clock)
      const closed = new Promise<void>((resolve) => {
        res.once('close', () => {
          cap.give()
          open.delete(res)
          disarm()
          unwatch()
          resolve()
        })
      })
      return {
        onSubscribeResult({ result }: { result: unknown }) {
          // Whatever became of the response, the source is let go with it: one refused for its media type is never read.
          if (isAsyncIterable(result)) void closed.then(() => result[Symbol.asyncIterator]().return?.())
        },
      }
    },
  }
}
