import { once } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import type WebSocket from 'ws'
import { encodeCursor } from '../../../src/activity/cursor.ts'
import { createSchema, defaultLimits } from '../../../src/graphql/schema.ts'
import type { ApiOptions } from '../../../src/server/api.ts'
import { systemClock, type Clock } from '../../../src/time/clock.ts'
import { handClock } from '../../support/clock.ts'
import { clientLimits, closeCode, openSocket, serve, TOKEN_MS } from '../support/gateway.ts'
import { grantFact, handFeed } from './support/hand-feed.ts'

const schema = createSchema()
const document = 'subscription ($after: String) { grantEvents(after: $after) { kind virtualMachineId cursor } }'
const opened = (number: number) => grantFact('GrantOpening', { vm: `vm-${String(number)}` })

/** The real schema over a log in memory, with Ada's tokens. */
async function start(clock: Clock = systemClock, api: Partial<ApiOptions> = {}) {
  const feed = handFeed()
  const limits = { maxTokens: 1_000, maxDepth: 6, introspection: true }
  const gateway = await serve(
    { schema, feed, limits, clientLimits: { ...clientLimits, subscriptionsPerConnection: 20 }, ...api },
    { clock },
  )
  return { feed, gateway }
}
type Started = Awaited<ReturnType<typeof start>>

const cursorIn = (payload: unknown) =>
  (payload as { data: { grantEvents: { cursor: string } } }).data.grantEvents.cursor

/** Subscribes on a socket; answers the cursors that it is sent. */
function watch(socket: WebSocket, id: string): string[] {
  const cursors: string[] = []
  socket.on('message', (data) => {
    const message = JSON.parse((data as Buffer).toString()) as { id: string; type: string; payload: unknown }
    if (message.id === id && message.type === 'next') cursors.push(cursorIn(message.payload))
  })
  socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query: document } }))
  return cursors
}

/** Resolves when so many subscriptions are served: each is sent a first event. */
async function served({ feed }: Started, ...lists: readonly string[][]): Promise<void> {
  await expect
    .poll(
      async () => {
        feed.commit(opened(0))
        await feed.drained()
        return lists.every((list) => list.length > 0)
      },
      { timeout: 10_000 },
    )
    .toBe(true)
}

/** The cursors in a stream of server-sent events, up to `last`. */
async function cursorsIn(response: Response, last: string | undefined): Promise<string[]> {
  const cursors: string[] = []
  let rest = ''
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines)
      if (line.startsWith('data: {')) cursors.push(cursorIn(JSON.parse(line.slice('data: '.length))))
    if (cursors.at(-1) === last) break
  }
  return cursors
}

const eventStream = ({ gateway }: Started, variables: object = {}) =>
  gateway.post({ query: document, variables }, { accept: 'text/event-stream' })

describe('live events', () => {
  it('come over WebSocket and over server-sent events, each once and in order', async () => {
    const started = await start()
    const [socket, response] = [await openSocket(started.gateway), await eventStream(started)]
    const [one, other] = [watch(socket, 'one'), watch(socket, 'an "other" one')]
    await served(started, one, other)
    const facts = Array.from({ length: 500 }, (_, index) => opened(index))
    started.feed.commit(...facts)
    const cursors = facts.map(({ cursor }) => encodeCursor(cursor))
    await expect.poll(() => [one.slice(-500), other.slice(-500)], { timeout: 10_000 }).toEqual([cursors, cursors])
    const streamed = await cursorsIn(response, cursors.at(-1))
    expect(streamed.slice(-500)).toEqual(cursors)
    expect(new Set(streamed).size).toBe(streamed.length)
  })

  it('go on over server-sent events from the last one that was seen', async () => {
    const started = await start()
    const facts = Array.from({ length: 20 }, (_, index) => opened(index))
    started.feed.commit(...facts)
    const response = await eventStream(started, {
      after: encodeCursor(facts[4]?.cursor ?? { transaction: '', position: '' }),
    })
    const live = opened(20)
    started.feed.commit(live)
    const cursors = [...facts.slice(5), live].map(({ cursor }) => encodeCursor(cursor))
    expect(await cursorsIn(response, cursors.at(-1))).toEqual(cursors)
  })

  it('are read no more once every client has gone, whichever way it came', async () => {
    const started = await start()
    const socket = await openSocket(started.gateway)
    await served(started, watch(socket, 'one'))
    const response = await eventStream(started)
    expect(started.feed.readers).toBe(1)
    socket.terminate()
    await response.body?.cancel()
    await expect.poll(() => started.feed.readers).toBe(0)
  })

  it('end over WebSocket, and say why, when the log cannot be read', async () => {
    const started = await start()
    const socket = await openSocket(started.gateway)
    await served(started, watch(socket, 'one'))
    const said: unknown[] = []
    // What is said from now on holds no event.
    socket.removeAllListeners('message')
    socket.on('message', (data) => said.push(JSON.parse((data as Buffer).toString())))
    started.feed.fail(new Error('no log'))
    await expect
      .poll(() => said)
      .toEqual([
        {
          id: 'one',
          type: 'next',
          payload: expect.objectContaining({
            errors: [expect.objectContaining({ extensions: expect.objectContaining({ code: 'UNAVAILABLE' }) })],
          }),
        },
        { id: 'one', type: 'complete' },
      ])
    await expect.poll(() => started.feed.readers).toBe(0)
  })

  it('end over server-sent events with their token, and say so', async () => {
    const clock = handClock(systemClock.now())
    const started = await start(clock)
    const response = await eventStream(started)
    const text = response.text()
    await expect.poll(() => started.feed.readers).toBe(1)
    await clock.advance(TOKEN_MS)
    expect(await text).toContain('UNAUTHENTICATED')
  })
})

describe('a subscription that may cost more than is allowed', () => {
  const costly = 'subscription { grantEvents { kind cursor virtualMachineId state port } }'
  const refusal = {
    message: 'The operation may cost 6; at most 4 is allowed. Ask for smaller pages.',
    extensions: { code: 'OPERATION_TOO_COSTLY' },
  }
  const begin = () => start(systemClock, { schema: createSchema({ ...defaultLimits, complexity: 4 }) })

  it('is refused when it is made over WebSocket, and the log is not read for it', async () => {
    const started = await begin()
    const socket = await openSocket(started.gateway)
    const answered = once(socket, 'message')
    socket.send(JSON.stringify({ id: 'one', type: 'subscribe', payload: { query: costly } }))
    const [data] = (await answered) as [Buffer]
    expect(JSON.parse(data.toString())).toMatchObject({ id: 'one', payload: { errors: [refusal] } })
    expect(started.feed.readers).toBe(0)
  })

  it('is refused when it is made over server-sent events, and the log is not read for it', async () => {
    const started = await begin()
    const response = await started.gateway.post({ query: costly }, { accept: 'text/event-stream' })
    const [, data = ''] = /^data: (\{.*\})$/m.exec(await response.text()) ?? []
    expect(JSON.parse(data)).toMatchObject({ errors: [refusal] })
    expect(started.feed.readers).toBe(0)
  })

  it('runs when it may cost as much as is allowed', async () => {
    const started = await begin()
    await served(started, watch(await openSocket(started.gateway), 'one'))
  })
})

describe('a client that stops reading', () => {
  it('keeps nobody waiting, and is sent all it missed when it reads on', { timeout: 30_000 }, async () => {
    const started = await start()
    const [slow, fast] = [await openSocket(started.gateway), await openSocket(started.gateway)]
    const [missed, seen] = [watch(slow, 'slow'), watch(fast, 'fast')]
    await served(started, missed, seen)
    const from = missed.at(-1) ?? ''
    slow.pause()
    const sent: string[] = []
    for (let batch = 0; batch < 60; batch += 1) {
      const facts = Array.from({ length: 500 }, (_, index) => opened(index))
      started.feed.commit(...facts)
      sent.push(...facts.map(({ cursor }) => encodeCursor(cursor)))
      await started.feed.drained()
    }
    await expect.poll(() => seen.at(-1), { timeout: 10_000 }).toBe(sent.at(-1))
    slow.resume()
    await expect.poll(() => missed.at(-1), { timeout: 10_000 }).toBe(sent.at(-1))
    expect(missed.slice(missed.indexOf(from) + 1).slice(-sent.length)).toEqual(sent)
    expect(new Set(missed).size).toBe(missed.length)
    // More than a connection holds: it was served from the log.
    expect(started.feed.pages).toBeGreaterThan(0)
  })

  it('is told 4413 after ten seconds, however many subscriptions it has', { timeout: 30_000 }, async () => {
    const warned = vi.fn()
    process.on('warning', warned)
    const clock = handClock(systemClock.now())
    const delays: number[] = []
    const started = await start({
      now: () => clock.now(),
      after(delayMs, run) {
        delays.push(delayMs)
        return clock.after(delayMs, run)
      },
    })
    const socket = await openSocket(started.gateway)
    socket.setMaxListeners(20)
    const lists = Array.from({ length: 15 }, (_, index) => watch(socket, `list-${String(index)}`))
    await served(started, ...lists)
    socket.pause()
    // Until it is waited for, and each of its subscriptions has come to that.
    for (let turn = 0, more = 5; turn < 500 && more > 0; turn += 1) {
      if (delays.includes(10_000)) more -= 1
      started.feed.commit(...Array.from({ length: 500 }, (_, index) => opened(index)))
      await started.feed.drained()
      await clock.advance(5)
    }
    const closed = closeCode(socket)
    await clock.advance(10_000)
    socket.resume()
    expect(await closed).toBe(4413)
    process.off('warning', warned)
    expect(warned).not.toHaveBeenCalled()
  })
})
