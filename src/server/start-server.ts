import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pause, type Clock } from '../time/clock.ts'
import { openApi, type ApiOptions } from './api.ts'
import { failingChecks, type ReadinessChecks } from './health.ts'
import { answerJson, refuseUpgrade } from './http-answers.ts'
import { isLoopback } from '../access/loopback.ts'
import { mayScrape, type MetricsOptions } from './metrics.ts'
import { pathOf } from './path-of.ts'

export interface ServerOptions {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** Null: this replica answers for its health only. */
  readonly api: ApiOptions | null
  /**
   * Refuses requests that name another host than this machine. A gateway that hands out tokens of its own must: a web
   * page whose name was made to resolve to 127.0.0.1 could otherwise read them.
   */
  readonly loopbackOnly: boolean
  readonly readiness: ReadinessChecks
  readonly metrics: MetricsOptions
  readonly clock: Clock
  /** How long a request may take to arrive, in milliseconds; its headers a third of it. */
  readonly requestWithinMs?: number
  /** How long `stop` waits for requests in hand, in milliseconds. */
  readonly stopWithinMs?: number
}

export interface RunningServer {
  readonly url: string
  /** Takes no more calls, finishes those in hand, sends subscribers away, and resolves when all are gone. */
  stop(): Promise<void>
}

const STOP_WITHIN_MS = 10_000
/** How often connections are looked through for requests that take too long to arrive. */
const LOOK_FOR_LATE_MS = 5_000

/** Starts listening. Fails when the port is taken. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { clock, host, loopbackOnly, requestWithinMs = 30_000 } = options
  const api = options.api === null ? null : openApi(options.api, clock)
  let stopped: Promise<void> | null = null

  const server = createServer({
    requestTimeout: requestWithinMs,
    headersTimeout: requestWithinMs / 3,
    connectionsCheckingInterval: Math.min(requestWithinMs / 3, LOOK_FOR_LATE_MS),
    keepAliveTimeout: 65_000,
    maxHeaderSize: 32_768,
  })
  server.on('request', (request, response) => {
    response.setHeader('x-content-type-options', 'nosniff')
    // A connection whose request was in hand when the stop began is idle a moment after its answer.
    response.once('close', () => {
      if (stopped !== null) setImmediate(() => server.closeIdleConnections())
    })
    if (loopbackOnly && !namesThisMachine(request))
      answerJson(response, 421, { error: 'This gateway answers on loopback only.' })
    else void route(request, response)
  })
  server.on('upgrade', (request, socket, head) => {
    if (loopbackOnly && !namesThisMachine(request)) refuseUpgrade(socket, 421)
    else if (api === null || pathOf(request) !== api.path) refuseUpgrade(socket, 404)
    else if (stopped !== null || !api.upgrade(request, socket, head)) refuseUpgrade(socket, 503)
  })

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request)
    if (path === '/healthz') answerJson(response, 200, { status: 'alive' })
    else if (path === '/readyz') {
      const failing = stopped !== null ? ['stopping'] : await failingChecks(options.readiness, clock)
      answerJson(response, failing.length === 0 ? 200 : 503, {
        status: failing.length === 0 ? 'ready' : 'not ready',
        failing,
      })
    } else if (path === '/metrics') await scrape(request, response)
    else if (api?.serves(path) === true) await api.answer(request, response)
    else if (path === '/' && api !== null) response.writeHead(302, { location: api.path }).end()
    else answerJson(response, 404, { error: 'There is nothing here.' })
  }

  async function scrape(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { read, token } = options.metrics
    if (!mayScrape(request, token)) {
      answerJson(response, 403, { error: 'Metrics are for scrapers with the token, or on this machine.' })
      return
    }
    try {
      const text = await read()
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text)
    } catch {
      answerJson(response, 503, { error: 'The metrics cannot be read now.' })
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { port } = server.address() as AddressInfo

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`,
    stop: () => (stopped ??= stop()),
  }

  async function stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    const late = new AbortController()
    const inTime = pause(clock, options.stopWithinMs ?? STOP_WITHIN_MS, late.signal)
    await Promise.race([Promise.all([closed, api?.stop()]), inTime])
    late.abort()
    server.closeAllConnections()
    api?.cut()
    await closed
  }
}

function namesThisMachine(request: IncomingMessage): boolean {
  return isLoopback((request.headers.host ?? '').replace(/:\d+$/, ''))
}
