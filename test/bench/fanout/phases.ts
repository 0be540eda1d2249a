import { setTimeout as delay } from 'node:timers/promises'
import type { LoadGenerator } from './load-generator.ts'
import { median } from '../support/median.ts'
import { now } from './now.ts'
import type { FanoutServer } from './server.ts'
import { cpuUs, rssKb } from '../support/usage.ts'

/** How long the last events of a phase may be on their way, in milliseconds. */
const DRAIN_MS = 120_000

/** A server, its subscribers, and the numbers of the events between them. */
export interface Stage {
  readonly server: FanoutServer
  readonly load: LoadGenerator
  /** The next number: each event of the whole run has its own. */
  next(): number
}

/** What a phase showed. */
export interface PhaseFigures {
  /** From when each event had happened until the last of those who read had it, in milliseconds. */
  readonly latenciesMs: readonly number[]
  /** Events that did not reach all of them, however long they were waited for. */
  readonly missing: number
  readonly eventsPerSecond: number
  /** CPU time of the server, in microseconds an event. */
  readonly cpuUsPerEvent: number
  /** Resident memory of the server during the phase, the median of samples, in kilobytes. */
  readonly rssKb: number
}

/** Publishes by the clock, whether or not the server keeps up: `rate` events a second for `seconds`. */
export function ratePhase(stage: Stage, rate: number, seconds: number): Promise<PhaseFigures> {
  return phase(stage, seconds, async (publish) => {
    const started = now()
    const all: Promise<void>[] = []
    for (let index = 0; index < Math.round(rate * seconds); index++) {
      await delay(Math.max(0, started + (index * 1_000) / rate - now()))
      const published = publish()
      // It is looked at below, with the others; until then nobody does.
      published.catch(() => {})
      all.push(published)
    }
    await Promise.all(all)
  })
}

/** Publishes as fast as events reach everybody, `inFlight` at a time, for `seconds`. */
export function maxPhase(stage: Stage, inFlight: number, seconds: number): Promise<PhaseFigures> {
  return phase(stage, seconds, async (publish) => {
    const until = now() + seconds * 1_000
    const one = async () => {
      while (now() < until) await publish()
    }
    await Promise.all(Array.from({ length: inFlight }, one))
  })
}

/** Publishes `count` events as fast as they reach everybody, `inFlight` at a time. */
export function countPhase(stage: Stage, inFlight: number, count: number): Promise<PhaseFigures> {
  return phase(stage, 0, async (publish) => {
    let left = count
    const one = async () => {
      while (left-- > 0) await publish()
    }
    await Promise.all(Array.from({ length: inFlight }, one))
  })
}

async function phase(
  stage: Stage,
  seconds: number,
  run: (publish: () => Promise<void>) => Promise<void>,
): Promise<PhaseFigures> {
  const { server, load } = stage
  const latenciesMs: number[] = []
  let missing = 0
  const samples = [rssKb(server.pid)]
  const sampling = setInterval(() => samples.push(rssKb(server.pid)), 500)
  const ending = new AbortController()
  const givenUp = delay(seconds * 1_000 + DRAIN_MS, null, { signal: ending.signal }).catch(() => null)
  const publish = async () => {
    const sequence = stage.next()
    const happened = server.publish(sequence)
    // Waited for below; a server that dies meanwhile has said so by then.
    happened.catch(() => {})
    const received = await Promise.race([load.completed(sequence), givenUp])
    if (received === null) missing += 1
    else latenciesMs.push(received - (await happened))
  }
  const cpuBefore = cpuUs(server.pid)
  const startedAt = now()
  try {
    const dead = server.died.then((why) => Promise.reject(new Error(`the server died: ${why}`)))
    await Promise.race([run(publish), dead])
  } finally {
    ending.abort()
    clearInterval(sampling)
  }
  const took = (now() - startedAt) / 1_000
  return {
    latenciesMs,
    missing,
    eventsPerSecond: latenciesMs.length / took,
    cpuUsPerEvent: (cpuUs(server.pid) - cpuBefore) / Math.max(1, latenciesMs.length),
    rssKb: median(samples),
  }
}
