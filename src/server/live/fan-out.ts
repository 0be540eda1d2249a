import {
  createSourceEventStream,
  mapSourceToResponseEvent,
  validateSubscriptionArgs,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
} from 'graphql'
import type { Feed } from '../../activity/activity.ts'
import type { GatewayContext } from '../../graphql/context.ts'
import { liveEventsOf } from '../../graphql/events/live-events.ts'
import type { Log } from '../../log/log.ts'
import type { Clock } from '../../time/clock.ts'
import { createBroadcast } from './broadcast.ts'
import { liveOperation } from './live-operation.ts'
import { createLiveStream, type LiveStream } from './live-stream.ts'
import { createResultQueue } from './result-queue.ts'

export interface FanOutOptions {
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  readonly maskError: (error: unknown) => GraphQLError
}

/** Runs subscriptions, for every transport. */
export interface FanOut {
  /** Live ones are served all together; any other is run as graphql-js does. */
  subscribe(args: ExecutionArgs): Promise<LiveStream | AsyncGenerator<ExecutionResult> | ExecutionResult>
  /** How many live subscriptions run, and how many groups of equal ones they form. */
  readonly size: { readonly members: number; readonly groups: number }
}

export function createFanOut({ feed, clock, log, maskError }: FanOutOptions): FanOut {
  const broadcast = createBroadcast({ feed, clock, log })
  return {
    async subscribe(args) {
      const validated = validateSubscriptionArgs(args)
      if (!('schema' in validated)) return { errors: validated }
      const source = await createSourceEventStream(validated)
      if (!(Symbol.asyncIterator in source)) return source
      const events = liveEventsOf(source)
      if (events === undefined) return mapSourceToResponseEvent(validated, source)

      const { principal, viewer, reloadViewer, authenticatedUntil: until } = validated.contextValue as GatewayContext
      const queue = createResultQueue()
      const operation = liveOperation(validated, events, maskError)
      const { member, begun } = broadcast.enter({
        operation,
        principal,
        viewer,
        reloadViewer,
        until,
        sink: queue,
        ended: () => queue.close(),
      })
      const stream = createLiveStream({
        queue,
        clock,
        until,
        expire: () => broadcast.end(member, 'AUTHENTICATION_EXPIRED'),
        close: () => broadcast.leave(member),
        redirect: (sink) => (member.sink = sink),
      })
      await begun
      return stream
    },
    get size() {
      return broadcast.size
    },
  }
}
