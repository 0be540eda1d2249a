import { once } from 'node:events'
import { createClient, type Client } from 'graphql-ws'
import { afterEach } from 'vitest'
import WebSocket from 'ws'
import type { Feed } from '../../../src/activity/activity.ts'
import type { Viewer } from '../../../src/access/viewer.ts'
import type { Log } from '../../../src/log/log.ts'
import type { ApiOptions, ClientLimits } from '../../../src/server/api.ts'
import type { Authenticate, Authentication } from '../../../src/server/identity/authenticator.ts'
import { IdentityUnavailable, Unauthenticated } from '../../../src/server/identity/failure.ts'
import { startServer, type RunningServer, type ServerOptions } from '../../../src/server/start-server.ts'
import type { Store } from '../../../src/store/store.ts'
import { systemClock, type Clock } from '../../../src/time/clock.ts'
import { createStagedSchema, type Stage } from './schema.ts'

/** How long a token of `callers` lasts, from the moment it is shown. */
export const TOKEN_MS = 3_600_000

/** Takes `Bearer ada` for Ada; says of `Bearer away` that nobody can be authenticated now. */
export function callers(clock: Clock = systemClock): Authenticate {
  return ({ authorization, address }) => {
    const id = typeof authorization === 'string' ? authorization.replace('Bearer ', '') : ''
    if (id === 'away') return Promise.reject(new IdentityUnavailable('Roles cannot be read now.'))
    if (id !== 'ada') return Promise.reject(new Unauthenticated('An access token is needed.'))
    const principal = { actor: { kind: 'PERSON' as const, id, name: id }, groups: [], appRoles: [] }
    const viewer: Viewer = { ...principal, rolesHeld: [], address }
    const caller: Authentication = {
      principal,
      viewer,
      rolesVersion: '1',
      until: clock.now() + TOKEN_MS,
      current: () => Promise.resolve(caller),
    }
    return Promise.resolve(caller)
  }
}

/** More than any test asks for, unless it is about limits. */
export const clientLimits: ClientLimits = {
  connections: 10,
  subscriptionsPerConnection: 5,
  operationsPerSecond: 1_000,
  messagesPerSecond: 100,
  messageBytes: 4_096,
}

export interface LogLine {
  readonly level: keyof Log
  readonly fields: object
  readonly message: string
}

export interface ServedGateway extends RunningServer {
  readonly stage: Stage
  readonly logged: LogLine[]
  /** Posts a JSON body to the API, as Ada unless told. */
  post(body: object, headers?: Record<string, string>): Promise<Response>
  /** Opens a graphql-transport-ws client that tries once, as Ada unless told. */
  client(params?: Record<string, unknown>): Client
}

const running: ServedGateway[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()))
})

/** Serves the staged schema on a free port of loopback until the test ends. */
export async function serve(
  api: Partial<ApiOptions> = {},
  server: Partial<ServerOptions> = {},
): Promise<ServedGateway> {
  const { schema, stage } = createStagedSchema()
  const logged: LogLine[] = []
  const write = (level: keyof Log) => (fields: object, message: string) => logged.push({ level, fields, message })
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  const clock = server.clock ?? systemClock
  const started = await startServer({
    host: '127.0.0.1',
    port: 0,
    loopbackOnly: true,
    readiness: {},
    metrics: { read: () => Promise.resolve('jit_gateway_grants 0\n'), token: null },
    clock,
    stopWithinMs: 2_000,
    api: {
      schema,
      store: {} as Store,
      feed: {} as Feed,
      authenticate: callers(clock),
      limits: { maxTokens: 1_000, maxDepth: 6, introspection: true },
      persisted: null,
      trustedProxies: [],
      corsOrigins: [],
      explorer: null,
      clientLimits,
      log,
      ...api,
    },
    ...server,
  })
  const gateway: ServedGateway = {
    ...started,
    stage,
    logged,
    post: (body, headers = {}) =>
      fetch(`${started.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer ada', ...headers },
        body: JSON.stringify(body),
      }),
    client: (params = { authorization: 'Bearer ada' }) =>
      createClient({
        url: `${started.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: params,
        retryAttempts: 0,
        lazyCloseTimeout: 0,
      }),
  }
  running.push(gateway)
  return gateway
}

/** A bare WebSocket to the API, acknowledged as Ada, for what a proper client would not do. */
export async function openSocket(
  gateway: RunningServer,
  params: object = { authorization: 'Bearer ada' },
): Promise<WebSocket> {
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await once(socket, 'open')
  const answered = once(socket, 'message')
  socket.send(JSON.stringify({ type: 'connection_init', payload: params }))
  await Promise.race([answered, once(socket, 'close')])
  return socket
}

/** The code a socket is closed with. */
export async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, 'close')) as [number]
  return code
}
