import { parse, type DocumentNode } from 'graphql'
import type { Viewer } from '../../../../src/access/viewer.ts'
import type { Feed } from '../../../../src/activity/activity.ts'
import { encodeCursor } from '../../../../src/activity/cursor.ts'
import type { GatewayContext } from '../../../../src/graphql/context.ts'
import { createSchema, defaultLimits } from '../../../../src/graphql/schema.ts'
import { silentLog } from '../../../../src/log/log.ts'
import { createFanOut, type FanOut } from '../../../../src/server/live/fan-out.ts'
import { LiveStream } from '../../../../src/server/live/live-stream.ts'
import type { Result } from '../../../../src/server/live/result.ts'
import { createErrorMask } from '../../../../src/server/mask-error.ts'
import type { Store } from '../../../../src/store/store.ts'
import { systemClock, type Clock } from '../../../../src/time/clock.ts'
import { contextOf } from '../../../graphql/support/context.ts'

const schema = createSchema(defaultLimits)

export const document =
  'subscription ($after: String, $filter: GrantEventFilter) { grantEvents(after: $after, filter: $filter) { kind cursor virtualMachineId } }'

export function fanOutOf(feed: Feed, clock: Clock = systemClock): FanOut {
  return createFanOut({ feed, clock, log: silentLog, maskError: createErrorMask(silentLog) })
}

interface Asked {
  readonly text?: string
  readonly variables?: Record<string, unknown>
  readonly context?: Partial<GatewayContext>
  readonly store?: Store
  /** Where its results go; unless told, they are read from it. */
  readonly stream?: LiveStream
}

const parsed = new Map<string, DocumentNode>()

/** Subscribes as `viewer`; fails when that is refused. */
export async function subscribe(fanOut: FanOut, viewer: Viewer, asked: Asked = {}): Promise<LiveStream> {
  const text = asked.text ?? document
  const known = parsed.get(text) ?? parse(text)
  parsed.set(text, known)
  const args = {
    schema,
    document: known,
    variableValues: asked.variables ?? {},
    contextValue: contextOf(asked.store ?? ({} as Store), viewer, asked.context),
  }
  const answer = await fanOut.subscribe(args, asked.stream)
  if (answer instanceof LiveStream) return answer
  throw new Error(JSON.stringify(answer))
}

/** What was read of a stream, in short: `KIND of vm`, the code of the error it ended with, or `done`. */
export function brief(item: IteratorResult<Result, undefined>): string {
  return item.done === true ? 'done' : briefOf(item.value)
}

export function briefOf(result: Result): string {
  const { data, errors } = JSON.parse(result.text) as {
    data: { grantEvents: { kind: string; virtualMachineId: string } } | null
    errors?: { extensions: { code: string } }[]
  }
  if (errors !== undefined) return errors[0]?.extensions.code ?? 'no code'
  const id = Buffer.from(data?.grantEvents.virtualMachineId ?? '', 'base64url').toString()
  return `${String(data?.grantEvents.kind)} of ${String(id.split('/').at(-1))}`
}

/** Reads a stream until it ends, into the list that it answers. */
export function readInto(stream: LiveStream): { readonly seen: string[]; readonly over: Promise<void> } {
  const seen: string[] = []
  const over = (async () => {
    for await (const result of stream) seen.push(briefOf(result))
  })()
  return { seen, over }
}

export { encodeCursor }
