import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Log } from '../../log/log.ts'
import { pause, type Clock } from '../../time/clock.ts'
import { ArmError, errorAnswer, type Answer } from './answer.ts'
import type { WriteInfo } from './events.ts'
import type { Faults } from './misbehave/faults.ts'
import { refuseByFault } from './misbehave/refusals.ts'
import { readTarget, type ArmRequest } from './request.ts'
import type { Router } from './router.ts'
import type { Settings } from './settings.ts'
import { respell } from './spelling.ts'
import type { Throttle } from './throttle.ts'
import type { LoopbackTls } from './tls.ts'

export interface ServerParts {
  readonly tls: LoopbackTls
  readonly token: string
  readonly port: number
  readonly router: Router
  readonly faults: Faults
  readonly settings: Settings
  readonly throttle: Throttle
  readonly clock: Clock
  readonly log: Log
  /** Called for every call once it was answered; null status when the answer was lost. */
  readonly answered: (request: ArmRequest, status: number | null, committed: WriteInfo | undefined) => void
}

/** Serves ARM over HTTPS on 127.0.0.1. */
export async function serveArm(parts: ServerParts): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const { certificate: cert, key } = parts.tls
  const server = createServer({ cert, key, keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    serve(parts, incoming, outgoing, server).catch((error: unknown) => {
      parts.log.error({ error }, 'the simulated cloud failed to answer')
      outgoing.destroy()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(parts.port, '127.0.0.1', resolve)
  })
  return {
    port: portOf(server),
    stop() {
      return new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      })
    },
  }
}

async function serve(parts: ServerParts, incoming: IncomingMessage, outgoing: ServerResponse, server: Server) {
  const atMs = parts.clock.now()
  const text = await readText(incoming)
  const origin = `https://${incoming.headers.host ?? `127.0.0.1:${String(portOf(server))}`}`
  const url = new URL(incoming.url ?? '/', origin)
  const target = readTarget(url.pathname)
  const base = { method: incoming.method ?? 'GET', url, headers: incoming.headers, origin, atMs }
  const call = { method: base.method, path: (target?.path ?? url.pathname).toLowerCase() }
  const latencyMs = parts.faults.take('latency', call)?.ms ?? parts.settings.latencyMs
  if (latencyMs > 0) await pause(parts.clock, latencyMs)
  // Never answered: the caller gives up, or the server stops.
  if (parts.faults.take('hang', call) !== undefined) return
  const lost = parts.faults.take('loseAnswer', call)?.when
  let answer: Answer | null = null
  const request = target === null ? null : { ...base, target, body: readJson(text) }
  if (lost !== 'beforeCommit') answer = await answerTo(parts, request, url.pathname)
  const status = lost === undefined ? (answer?.status ?? null) : null
  if (request !== null) parts.answered(request, status, answer?.committed)
  if (lost !== undefined || answer === null) outgoing.destroy()
  else send(parts, outgoing, answer, incoming, request)
}

async function answerTo(parts: ServerParts, request: ArmRequest | null, path: string): Promise<Answer> {
  try {
    if (request === null) throw new ArmError(404, 'ResourceNotFound', `No such path: '${path}'.`)
    checkToken(request, parts.token)
    checkVersion(request)
    const { method, target } = request
    refuseByFault(parts.faults, { method, path: target.path.toLowerCase() }, target.path)
    const throttled = parts.throttle.take({ subscriptionId: target.subscriptionId, method, path: target.path })
    if (throttled !== null) throw throttled
    return await parts.router(request)
  } catch (error) {
    if (error instanceof ArmError) return errorAnswer(error)
    parts.log.error({ error }, 'the simulated cloud failed')
    return errorAnswer(new ArmError(500, 'InternalServerError', 'An error occurred.'))
  }
}

function send(
  { settings, throttle }: ServerParts,
  outgoing: ServerResponse,
  answer: Answer,
  incoming: IncomingMessage,
  request: ArmRequest | null,
): void {
  if (outgoing.destroyed) return
  const requestId = crypto.randomUUID()
  const given = incoming.headers['x-ms-correlation-request-id']
  const correlationId = typeof given === 'string' ? given : requestId
  const body = answer.body === undefined ? '' : JSON.stringify(answer.body, respell(settings.idCase))
  outgoing.writeHead(answer.status, {
    'Cache-Control': 'no-cache',
    Pragma: 'no-cache',
    Expires: '-1',
    'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
    'X-Content-Type-Options': 'nosniff',
    'x-ms-request-id': requestId,
    'x-ms-correlation-request-id': correlationId,
    'x-ms-routing-request-id': `SIMULATED:${correlationId}`,
    ...(request === null ? {} : throttle.headers(request.target.subscriptionId, request.method)),
    ...answer.headers,
    ...(body === '' ? {} : { 'Content-Type': 'application/json; charset=utf-8' }),
    'Content-Length': String(Buffer.byteLength(body)),
  })
  outgoing.end(body)
}

function checkToken({ headers }: ArmRequest, token: string): void {
  const given = headers.authorization
  if (given === `Bearer ${token}`) return
  const [code, message] =
    given === undefined
      ? ['AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing."]
      : ['InvalidAuthenticationToken', 'The access token is invalid.']
  throw new ArmError(401, code, message, { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } })
}

function checkVersion({ url }: ArmRequest): void {
  const version = url.searchParams.get('api-version')
  if (version === null)
    throw new ArmError(
      400,
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    )
  if (!/^\d{4}-\d{2}-\d{2}(-preview)?$/.test(version))
    throw new ArmError(400, 'InvalidApiVersionParameter', `The api-version '${version}' is invalid.`)
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function readJson(text: string): unknown {
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown)
  } catch {
    return undefined
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
