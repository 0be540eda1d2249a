/** The process of the subscribers: nothing else may take its time. It is told what to do by messages. */
import { now } from './now.ts'
import { committedLog, judge } from './judge.ts'
import type { LoadOrder, LoadReport, Verdicts } from './load-messages.ts'
import { Subscriber, type Endpoint } from './subscriber.ts'

/** Connections that are being made at once: fewer than any server's backlog holds. */
const CONNECTING = 100

const subscribers: Subscriber[] = []
/** Subscribers that take the place of stalled ones that were cut off, and stall in their turn. */
const replacements: Subscriber[] = []
let replacing = false
let endpoint: Endpoint | null = null
let receivers = 0
let live = 0
let firstSequence = 0
let counts = new Int32Array(1_024)

const report = (message: LoadReport) => process.send?.(message)
const fault = (message: string) => report({ kind: 'fault', message })

function received(subscriber: Subscriber, sequence: number): void {
  if (!subscriber.counted) return
  const at = sequence - firstSequence
  while (at >= counts.length) {
    const longer = new Int32Array(counts.length * 2)
    longer.set(counts)
    counts = longer
  }
  const count = (counts[at] ?? 0) + 1
  counts[at] = count
  if (count === receivers) report({ kind: 'complete', sequence, at: now() })
  if (subscriber.frames === 1 && ++live === receivers) report({ kind: 'live' })
}

async function connect(order: LoadOrder & { kind: 'connect' }): Promise<void> {
  endpoint = order.endpoint
  firstSequence = order.firstSequence
  receivers = order.subscribers
  live = 0
  const one = async () => {
    while (subscribers.length < order.subscribers) {
      const subscriber = new Subscriber(order.endpoint, `subscriber-${String(subscribers.length)}`, received, fault)
      subscribers.push(subscriber)
      await subscriber.subscribed()
    }
  }
  await Promise.all(Array.from({ length: CONNECTING }, one))
  report({ kind: 'connected' })
}

function stall(count: number, replace: boolean): void {
  replacing = replace
  receivers -= count
  for (const subscriber of subscribers.slice(-count)) subscriber.stall()
  if (replace) setInterval(replaceCutOff, 1_000).unref()
}

/** Whoever was cut off for not reading comes again, and reads no more than before. */
function replaceCutOff(): void {
  if (!replacing || endpoint === null) return
  const gone = (subscriber: Subscriber) => !subscriber.counted && subscriber.closed !== null
  const wanted = subscribers.filter((subscriber) => !subscriber.counted).length
  const present = [...subscribers, ...replacements].filter((each) => !each.counted && !gone(each))
  for (const subscriber of present) subscriber.nudge()
  for (let missing = wanted - present.length; missing > 0; missing--) {
    const subscriber = new Subscriber(endpoint, `replacement-${String(replacements.length)}`, () => {}, fault)
    subscriber.counted = false
    replacements.push(subscriber)
    subscriber.subscribed().then(
      () => subscriber.stall(),
      () => {},
    )
  }
}

function readOn(): void {
  replacing = false
  for (const subscriber of subscribers) subscriber.readOn()
}

function verdicts(order: Int32Array): Verdicts {
  const log = committedLog(order)
  const sum = { lost: 0, doubled: 0, disordered: 0, foreign: 0 }
  for (const subscriber of subscribers) {
    const verdict = judge(log, subscriber.log(), subscriber.counted || subscriber.closed === null)
    for (const name of ['lost', 'doubled', 'disordered', 'foreign'] as const) sum[name] += verdict[name]
  }
  const total = (of: (subscriber: Subscriber) => number) => subscribers.reduce((value, each) => value + of(each), 0)
  const cut = [...subscribers, ...replacements].filter((each) => !each.counted && each.closed !== null)
  return {
    ...sum,
    cutOff: cut.length,
    deliveries: total(({ frames }) => frames),
    bytesPerDelivery: Math.round(
      total(({ bytes }) => bytes) /
        Math.max(
          1,
          total(({ frames }) => frames),
        ),
    ),
  }
}

process.on('message', (order: LoadOrder) => {
  if (order.kind === 'connect') connect(order).catch((error: unknown) => fault(String(error)))
  else if (order.kind === 'stall') stall(order.count, order.replace)
  else if (order.kind === 'read-on') readOn()
  else report({ kind: 'verdicts', verdicts: verdicts(order.order) })
})
// Without who asked for it, it has nothing to do.
process.on('disconnect', () => process.exit(0))
