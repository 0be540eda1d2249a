import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthenticator } from '../../src/server/identity/authenticator.ts'
import { localPeople, openLocalIssuer } from '../../src/server/identity/local-issuer.ts'
import { openStore, type OpenStore } from '../../src/store/open.ts'
import { systemClock } from '../../src/time/clock.ts'
import { useDatabase } from '../support/database.ts'
import { closeCode, openSocket, serve, type ServedGateway } from './support/gateway.ts'

const database = useDatabase()
let folder: string
let store: OpenStore
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jit-gateway-away-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A gateway over a database of its own connections, with Ada's token. */
async function serveFromDatabase(): Promise<{ gateway: ServedGateway; authorization: string }> {
  store = await openStore(database.url)
  const issuer = await openLocalIssuer(folder, systemClock)
  const { terms, keyFor } = issuer
  const claims = { groups: 'groups', roles: 'roles' }
  const authenticate = createAuthenticator({ terms, keyFor, claims, bootstrapAdmin: null, store, clock: systemClock })
  const gateway = await serve({ authenticate, store })
  return { gateway, authorization: `Bearer ${await issuer.issue(localPeople[0])}` }
}

describe('a database that goes away', () => {
  it('makes calls fail with an error that may be retried, and lets no new socket in', async () => {
    const { gateway, authorization } = await serveFromDatabase()
    expect((await gateway.post({ query: '{ hello }' }, { authorization })).status).toBe(200)
    const client = gateway.client({ authorization })
    const events = client.iterate({ query: 'subscription { texts(count: 1, size: 1) }' })
    expect((await events.next()).value).toEqual({ data: { texts: 'x' } })

    await store.close()
    const response = await gateway.post({ query: '{ hello }' }, { authorization })
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAVAILABLE', retryable: true } }] })

    const more = client.iterate({ query: 'subscription { texts(count: 1, size: 1) }' })
    await expect(more.next()).rejects.toEqual([
      expect.objectContaining({ extensions: expect.objectContaining({ code: 'UNAVAILABLE' }) }),
    ])
    const socket = await openSocket(gateway, { authorization })
    expect(socket.readyState === socket.CLOSED ? 1013 : await closeCode(socket)).toBe(1013)
    await client.dispose()
  })
})
