import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { connectAzure, type AzureOptions } from '../../../../src/cloud/azure/connect.ts'
import type { Cloud } from '../../../../src/cloud/port.ts'
import { makeLoopbackTls } from '../../../../src/cloud/simulator/tls.ts'

const certificates = makeLoopbackTls()

/** A server that answers as a test says, where a cloud should be; it ends with the test. */
export interface BareServer {
  readonly endpoint: string
  /** `METHOD path?query` of each call, in order. */
  readonly calls: readonly string[]
  /** The adapter before it. */
  connect(more?: Partial<AzureOptions>): Promise<Cloud>
}

/** `answer` may leave a call unanswered. */
export async function serveBare(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<BareServer> {
  const { authority, certificate: cert, key } = await certificates
  const calls: string[] = []
  const server = createServer({ cert, key }, (request, response) => {
    calls.push(`${request.method ?? ''} ${request.url ?? ''}`)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(
    () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  )
  const endpoint = `https://localhost:${String((server.address() as AddressInfo).port)}`
  return {
    endpoint,
    calls,
    connect: (more = {}) =>
      Promise.resolve(
        connectAzure({
          endpoint,
          certificateAuthority: authority,
          audience: null,
          credential: { kind: 'token', token: 'secret-token' },
          ...more,
        }),
      ),
  }
}

/** Answers with JSON. */
export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body))
}

export const bareGroupId =
  '/subscriptions/5b1f0c3a-7a52-4c1e-9d55-2f6d1a7be001/resourcegroups/rg/providers/microsoft.network/networksecuritygroups/nsg'

/** A group as Azure answers it, with these rules and whatever else. */
export function groupBody(securityRules: readonly unknown[] = [], more: object = {}) {
  return {
    id: bareGroupId,
    name: 'nsg',
    etag: 'W/"1"',
    location: 'westeurope',
    properties: { provisioningState: 'Succeeded', securityRules, ...more },
  }
}
