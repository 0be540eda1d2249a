import { parse } from 'graphql'
import type { Feed } from '../../../src/activity/activity.ts'
import type { GatewayContext } from '../../../src/graphql/context.ts'
import { createFanOut } from '../../../src/server/live/fan-out.ts'
import { LiveStream } from '../../../src/server/live/live-stream.ts'
import { createErrorMask } from '../../../src/server/mask-error.ts'
import { schema } from './ask.ts'

/** A subscription that runs. */
export interface Watching {
  /** The data of the next event; fails when it answers errors, or when there is no next one. */
  next(): Promise<any>
  /** Goes, as a client does. */
  stop(): Promise<void>
}

/** Subscribes to what `feed` reads; fails when the subscription is refused. */
export async function watch(
  feed: Feed,
  context: GatewayContext,
  source: string,
  variables: object = {},
): Promise<Watching> {
  const { clock, log } = context
  const answers = await createFanOut({ feed, clock, log, maskError: createErrorMask(log) }).subscribe({
    schema,
    document: parse(source),
    contextValue: context,
    variableValues: variables as Record<string, unknown>,
  })
  if (!(answers instanceof LiveStream)) throw new Error(JSON.stringify(answers))
  return {
    async next() {
      const { value } = await answers.next()
      if (value === undefined) throw new Error('the subscription has ended')
      const { data, errors } = JSON.parse(value.text) as { data: unknown; errors?: unknown }
      if (errors !== undefined) throw new Error(value.text)
      return data
    },
    async stop() {
      await answers.return()
    },
  }
}
