import { setTimeout as delay } from 'node:timers/promises'
import { startLoadGenerator, type LoadGenerator } from './load-generator.ts'
import type { Verdicts } from './load-messages.ts'
import { ratePhase, type Stage } from './phases.ts'
import type { Contestant, FanoutServer } from './server.ts'
import { liveMemory, type LiveMemory } from '../support/usage.ts'

const SETTLE_MS = 2_000
const PROBE_EVERY_MS = 100
/**
 * What a server is warmed up with, so that what it loads and compiles once is not counted: a little, so that its heap
 * does not grow by what is garbage soon.
 */
const WARM_UP = { subscribers: 50, rate: 20, seconds: 2 }
/** How long those who stalled may take to read what was kept for them, in milliseconds. */
const CATCH_UP_MS = 30_000

/** Everybody subscribed to a server that was started and warmed up. */
export interface OpenStage extends Stage {
  /** The server's memory without any subscriber, and with all of them. */
  readonly idle: LiveMemory
  readonly subscribed: LiveMemory
  /** More subscribers, in a process of their own that its asker stops, all of them served; no event of theirs has a lower number. */
  join(count: number): Promise<{ readonly load: LoadGenerator; readonly firstSequence: number }>
  /** What everybody was given, from the first subscription on. */
  verdicts(): Promise<Verdicts>
  stop(): Promise<void>
}

/** Numbers for events that no other event of the run has. */
export function numbering(): () => number {
  let last = 0
  return () => ++last
}

export async function openStage(contestant: Contestant, subscribers: number, next: () => number): Promise<OpenStage> {
  await using started = new AsyncDisposableStack()
  const server = await contestant.start()
  started.defer(() => server.stop())

  const join = async (count: number) => {
    const load = startLoadGenerator()
    const firstSequence = next()
    try {
      await load.connect(server.endpoint, count, firstSequence, async (again) => {
        while (again()) {
          await server.publish(next())
          await delay(PROBE_EVERY_MS)
        }
      })
    } catch (error) {
      await load.stop()
      throw error
    }
    return { load, firstSequence }
  }

  const warmUp = await join(Math.min(subscribers, WARM_UP.subscribers))
  started.defer(() => warmUp.load.stop())
  await ratePhase({ server, load: warmUp.load, next }, WARM_UP.rate, WARM_UP.seconds)
  await warmUp.load.stop()
  await delay(SETTLE_MS)
  const idle = await liveMemory(server.pid)
  const { load, firstSequence } = await join(subscribers)
  started.defer(() => load.stop())
  await delay(SETTLE_MS)
  const subscribed = await liveMemory(server.pid)

  const running = started.move()
  return {
    server,
    load,
    next,
    idle,
    subscribed,
    join,
    verdicts: () => verdictsOf(load, server, firstSequence),
    stop: () => running.disposeAsync(),
  }
}

/** What subscribers were given, once they had time to read it. */
export async function verdictsOf(load: LoadGenerator, server: FanoutServer, firstSequence: number): Promise<Verdicts> {
  const until = Date.now() + CATCH_UP_MS
  const order = await server.orderFrom(firstSequence)
  for (;;) {
    const verdicts = await load.judge(order)
    if (verdicts.lost === 0 || Date.now() > until) return verdicts
    await delay(1_000)
  }
}
