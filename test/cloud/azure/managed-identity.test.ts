import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { connectAzure } from '../../../src/cloud/azure/connect.ts'
import { connected, optionsFor, refusalOf } from './support/connected.ts'

// The SDK looks for the endpoint of a managed identity once in a process: all tests here share one.
let answer: (query: URLSearchParams, response: ServerResponse) => void = () => {}
const server = createServer((request, response) => {
  answer(new URL(request.url ?? '/', 'http://127.0.0.1').searchParams, response)
})

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  vi.stubEnv('IDENTITY_ENDPOINT', `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/msi/token`)
  vi.stubEnv('IDENTITY_HEADER', 'header')
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  })
})

function give(response: ServerResponse, token: string): void {
  const expires = String(Math.floor(Date.now() / 1_000) + 86_400)
  const body = { access_token: token, expires_on: expires, resource: 'x', token_type: 'Bearer' }
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
}

describe('a managed identity', () => {
  it.each([
    ['https://management.example/', 'https://management.example'],
    [null, null],
  ])('is asked once for the audience %j, as the client that is configured', async (audience, asked) => {
    const { simulator, groupId } = await connected()
    const clientId = '11111111-1111-1111-1111-111111111111'
    const queries: URLSearchParams[] = []
    answer = (query, response) => {
      queries.push(query)
      give(response, simulator.token)
    }
    const credential = { kind: 'managed-identity', clientId } as const
    const cloud = connectAzure(optionsFor(simulator, { credential, audience }))
    await cloud.observe(groupId)
    await cloud.observe(groupId)
    expect(queries.map((query) => [query.get('resource'), query.get('client_id')])).toEqual([
      [asked ?? simulator.endpoint, clientId],
    ])
  })

  it('that gives no token says what to check, and nothing is called without one', async () => {
    const { simulator, groupId } = await connected()
    answer = (_, response) => {
      response.writeHead(400, { 'Content-Type': 'application/json' }).end('{"error":"invalid_request"}')
    }
    const credential = { kind: 'managed-identity', clientId: null } as const
    const refusal = await refusalOf(connectAzure(optionsFor(simulator, { credential })).observe(groupId))
    expect(refusal).toMatchObject({ kind: 'UNAVAILABLE', code: 'NoAccessToken' })
    expect(refusal.message).toContain('check the AZURE_ variables')
    expect(simulator.requests.total).toBe(0)
  })

  it('that hangs is given up in its time, and asked anew by the next call', async () => {
    const { simulator, groupId } = await connected()
    const held: ServerResponse[] = []
    answer = (_, response) => {
      held.push(response)
    }
    onTestFinished(() => {
      for (const response of held) response.writeHead(400).end('{}')
    })
    const credential = { kind: 'managed-identity', clientId: null } as const
    const cloud = connectAzure(optionsFor(simulator, { credential, callTimeoutMs: 400 }))
    expect((await refusalOf(cloud.observe(groupId))).kind).toBe('UNAVAILABLE')
    expect(held).toHaveLength(1)
    answer = (_, response) => {
      give(response, simulator.token)
    }
    await vi.waitFor(async () => {
      expect((await cloud.observe(groupId)).boundaryId).toBe(groupId)
    })
  })
})
