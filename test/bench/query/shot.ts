import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { cpuUs } from '../support/usage.ts'
import type { Call, Contestant } from './contestant.ts'
import type { LoadOrder, LoadReport } from './load-messages.ts'
import { postgresCpuUs, usedBetween } from './postgres-usage.ts'

const load = fileURLToPath(new URL('load.ts', import.meta.url))
const WARM_UP_MS = 500

/** What one server showed at one document in one round. */
export interface Figures {
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** CPU time a request, in microseconds: of the server, of Postgres, and of the load generator. */
  readonly serverUs: number
  readonly postgresUs: number
  readonly loadUs: number
}

/** Asks a server one document for a while, over and over. Fails on any answer that is not as long as the right one. */
export async function shoot(
  contestant: Contestant,
  calls: readonly Call[],
  lengths: readonly number[],
  options: { readonly connections: number; readonly seconds: number; readonly postmaster: number },
): Promise<Figures> {
  const child = fork(load, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const exited = once(child, 'exit')
  try {
    const cpu = () => ({ server: cpuUs(contestant.pid), postgres: postgresCpuUs(options.postmaster) })
    return await new Promise<Figures>((resolve, reject) => {
      let before = cpu()
      child.on('message', (report: LoadReport) => {
        if (report.kind === 'failed') reject(new Error(report.message))
        else if (report.kind === 'began') before = cpu()
        else {
          const [after, answers] = [cpu(), report.latencies.length]
          const sorted = report.latencies.toSorted()
          const at = (percent: number) => sorted[Math.max(0, Math.ceil((percent / 100) * answers) - 1)] ?? Number.NaN
          resolve({
            requestsPerSecond: answers / (report.ms / 1_000),
            p50Ms: at(50),
            p99Ms: at(99),
            serverUs: (after.server - before.server) / answers,
            postgresUs: usedBetween(before.postgres, after.postgres) / answers,
            loadUs: report.cpuUs / answers,
          })
        }
      })
      child.once('exit', (code) => reject(new Error(`the load generator ended: ${String(code)}`)))
      const { port } = contestant
      const requests = calls.map((call) => httpRequest(port, call))
      const { connections, seconds } = options
      const order: LoadOrder = { port, requests, lengths, connections, warmUpMs: WARM_UP_MS, countMs: seconds * 1_000 }
      child.send(order)
    })
  } finally {
    if (child.connected) child.disconnect()
    await exited
  }
}

/** All in ASCII: a byte is a character. */
function httpRequest(port: number, { path, headers, body }: Call): string {
  const lines = Object.entries({
    ...headers,
    'content-type': 'application/json',
    'content-length': String(body.length),
  })
  return [
    `POST ${path} HTTP/1.1`,
    `host: 127.0.0.1:${String(port)}`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
    '',
    body,
  ].join('\r\n')
}
