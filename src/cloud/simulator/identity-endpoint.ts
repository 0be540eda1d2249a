import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const TOKEN_LIFETIME_MS = 24 * 3_600_000

/** A managed identity's token endpoint on 127.0.0.1, as App Service offers it. */
export interface IdentityEndpoint {
  /** For the environment variable IDENTITY_ENDPOINT. */
  readonly url: string
  /** For IDENTITY_HEADER: a call without it is refused. */
  readonly header: string
  stop(): Promise<void>
}

/** Serves `token` to whoever knows the header. */
export async function serveIdentity(token: string): Promise<IdentityEndpoint> {
  const header = randomBytes(16).toString('hex')
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const resource = url.searchParams.get('resource')
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
    }
    if (request.headers['x-identity-header'] !== header)
      answer(401, { statusCode: 401, message: 'The identity header is missing or wrong.' })
    else if (request.method !== 'GET' || resource === null || !url.searchParams.has('api-version'))
      answer(400, { statusCode: 400, message: 'Name the resource and the api-version.' })
    else
      answer(200, {
        access_token: token,
        expires_on: String(Math.floor((Date.now() + TOKEN_LIFETIME_MS) / 1000)),
        resource,
        token_type: 'Bearer',
        client_id: '00000000-0000-0000-0000-000000000002',
      })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/msi/token`,
    header,
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

/** A token that looks like one of Entra's and is good for nothing but the simulator that made it. */
export function makeToken(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const nowSeconds = Math.floor(Date.now() / 1000)
  const claims = {
    aud: 'https://management.azure.com/',
    iss: 'https://sts.windows.net/00000000-0000-0000-0000-000000000000/',
    tid: '00000000-0000-0000-0000-000000000000',
    oid: '00000000-0000-0000-0000-000000000001',
    iat: nowSeconds,
    exp: nowSeconds + TOKEN_LIFETIME_MS / 1000,
  }
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.${randomBytes(32).toString('base64url')}`
}
