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
import { liveSourceOf } from '../../graphql/events/live-source.ts'
import type { Log } from '../../log/log.ts'
import type { Clock } from '../../time/clock.ts'
import { createEventBroadcast } from './event-broadcast.ts'
import { createListBroadcast } from './list-broadcast.ts'
import { liveOperation } from './live-operation.ts'
import type { LiveStream } from './live-stream.ts'
import { createLogReader } from './log-reader.ts'
import { QueuedStream } from './queued-stream.ts'
import { createStandings } from './standing.ts'

export interface FanOutOptions {
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  readonly maskError: (error: unknown) => GraphQLError
}

/** Runs subscriptions, for every transport. */
export interface FanOut {
  /** Live ones are served all together, each into `stream`; any other is run as graphql-js does. */
  subscribe(
    args: ExecutionArgs,
    stream?: LiveStream,
  ): Promise<LiveStream | AsyncGenerator<ExecutionResult> | ExecutionResult>
  /** How many live subscriptions run, and how many groups of equal ones they form. */
  readonly size: { readonly members: number; readonly groups: number }
}

export function createFanOut({ feed, clock, log, maskError }: FanOutOptions): FanOut {
  const reader = createLogReader({ feed, log })
  // First, so that whatever follows a change of roles is judged by roles that are known to be out of date.
  const standings = createStandings(reader, clock)
  const events = createEventBroadcast({ feed, reader, standings, clock, log })
  const lists = createListBroadcast({ reader, standings, clock, log })
  return {
    async subscribe(args, stream = new QueuedStream(clock)) {
      const validated = validateSubscriptionArgs(args)
      if (!('schema' in validated)) return { errors: validated }
      const source = await createSourceEventStream(validated)
      if (!(Symbol.asyncIterator in source)) return source
      const live = liveSourceOf(source)
      if (live === undefined) return mapSourceToResponseEvent(validated, source)

      const { principal, viewer, reloadViewer, authenticatedUntil: until } = validated.contextValue as GatewayContext
      const operation = liveOperation(validated, maskError)
      const whose = { operation, principal, viewer, reloadViewer, until, sink: stream }
      const { served, begun } =
        'list' in live ? lists.enter({ ...whose, source: live.list }) : events.enter({ ...whose, source: live.events })
      stream.serve(served, until)
      await begun
      return stream
    },
    get size() {
      return { members: events.size.members + lists.size.members, groups: events.size.groups + lists.size.groups }
    },
  }
}
