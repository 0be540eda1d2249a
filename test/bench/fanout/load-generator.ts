import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { LoadOrder, LoadReport, Verdicts } from './load-messages.ts'
import type { Endpoint } from './subscriber.ts'

const load = fileURLToPath(new URL('load.ts', import.meta.url))

/** Subscribers in a process of their own. */
export interface LoadGenerator {
  /** Connects and subscribes them; `probe` is called until an event has reached all of them. */
  connect(
    endpoint: Endpoint,
    subscribers: number,
    firstSequence: number,
    probe: (again: () => boolean) => Promise<void>,
  ): Promise<void>
  /** When the last of those who read received an event: a moment of `now()`. */
  completed(sequence: number): Promise<number>
  stall(count: number, replace: boolean): void
  readOn(): void
  judge(order: Int32Array): Promise<Verdicts>
  stop(): Promise<void>
}

export function startLoadGenerator(): LoadGenerator {
  const child = fork(load, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const exited = once(child, 'exit')
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  child.once('exit', (code) => failed.reject(new Error(`the load generator ended: ${String(code)}`)))
  const moments = new Map<number, PromiseWithResolvers<number>>()
  const momentOf = (sequence: number) => {
    const found = moments.get(sequence) ?? Promise.withResolvers<number>()
    moments.set(sequence, found)
    return found
  }
  const connected = Promise.withResolvers<void>()
  let live = false
  let judged = Promise.withResolvers<Verdicts>()
  child.on('message', (report: LoadReport) => {
    if (report.kind === 'complete') momentOf(report.sequence).resolve(report.at)
    else if (report.kind === 'connected') connected.resolve()
    else if (report.kind === 'live') live = true
    else if (report.kind === 'verdicts') judged.resolve(report.verdicts)
    else failed.reject(new Error(report.message))
  })
  const tell = (order: LoadOrder) => child.send(order)
  const orFailure = <Answer>(answer: Promise<Answer>) => Promise.race([answer, failed.promise])
  return {
    async connect(endpoint, subscribers, firstSequence, probe) {
      tell({ kind: 'connect', endpoint, subscribers, firstSequence })
      await orFailure(connected.promise)
      await orFailure(probe(() => !live))
    },
    async completed(sequence) {
      const at = await orFailure(momentOf(sequence).promise)
      moments.delete(sequence)
      return at
    },
    stall: (count, replace) => void tell({ kind: 'stall', count, replace }),
    readOn: () => void tell({ kind: 'read-on' }),
    judge(order) {
      judged = Promise.withResolvers()
      tell({ kind: 'judge', order })
      return orFailure(judged.promise)
    },
    async stop() {
      if (child.connected) child.disconnect()
      await exited
    },
  }
}
