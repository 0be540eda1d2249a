import { randomUUIDv7 } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PrincipalKind, Role } from '../../../src/access/role.ts'
import { createAuthenticator, type Authenticate } from '../../../src/server/identity/authenticator.ts'
import { IdentityUnavailable, Unauthenticated } from '../../../src/server/identity/failure.ts'
import { providerKeys } from '../../../src/server/identity/provider-keys.ts'
import { parseBootstrapAdmin } from '../../../src/server/identity/roles-held.ts'
import { openStore } from '../../../src/store/open.ts'
import { handClock, type HandClock } from '../../support/clock.ts'
import { useDatabase } from '../../support/database.ts'
import { startIdentityProvider, type IdentityProvider } from '../support/identity-provider.ts'

const database = useDatabase()
let clock: HandClock
let provider: IdentityProvider
let authenticate: Authenticate

function authenticator(bootstrapAdmin: string | null = null, store = database.store): Authenticate {
  return createAuthenticator({
    terms: { issuer: provider.issuer, audience: 'jit', clockToleranceSeconds: 5 },
    keyFor: providerKeys({ issuer: provider.issuer, jwksUrl: null, clock }),
    claims: { groups: 'groups', roles: 'roles' },
    bootstrapAdmin: bootstrapAdmin === null ? null : parseBootstrapAdmin(bootstrapAdmin),
    store,
    clock,
  })
}
const bearer = (token: string) => ({ authorization: `Bearer ${token}`, address: '192.0.2.7' })
const seconds = () => Math.floor(clock.now() / 1_000)

async function assign(kind: PrincipalKind, id: string, role: Role, scope: string): Promise<void> {
  await database.store.pool.query(
    `insert into role_assignments (id, principal_kind, principal_id, role, scope, assigned_at, assigned_by_id)
     values ($1, $2, $3, $4, $5, gateway_now(), 'test')`,
    [randomUUIDv7(), kind, id, role, scope],
  )
}

beforeAll(async () => {
  clock = handClock()
  provider = await startIdentityProvider(() => clock.now())
})
afterAll(() => provider.stop())
beforeEach(() => {
  provider.away = false
  authenticate = authenticator()
})

describe('a token', () => {
  it.each(['RS256', 'ES256', 'PS256'])('signed with %s by the provider is taken', async (alg) => {
    const { viewer, until } = await authenticate(bearer(await provider.token({ name: 'Ada' }, { alg })))
    expect(viewer).toMatchObject({ actor: { kind: 'PERSON', id: 'ada', name: 'Ada' }, address: '192.0.2.7' })
    expect(until).toBe((seconds() + 3_600) * 1_000)
  })

  it('is taken within the clock tolerance after its end, and no longer', async () => {
    await authenticate(bearer(await provider.token({ exp: seconds() - 4 })))
    await expect(authenticate(bearer(await provider.token({ exp: seconds() - 6 })))).rejects.toThrow('expired')
  })

  const refused: [string, string, () => Promise<string>][] = [
    ['of another issuer', '"iss"', () => provider.token({ iss: 'https://evil.example' })],
    ['for another audience', '"aud"', () => provider.token({ aud: 'other' })],
    ['for nobody in particular', '"aud"', () => provider.token({ aud: undefined })],
    ['that is not valid yet', '"nbf"', () => provider.token({ nbf: seconds() + 60 })],
    ['that never ends', '"exp"', () => provider.token({ exp: undefined })],
    ['without a subject', '"sub"', () => provider.token({ sub: undefined })],
    [
      'with a signature changed',
      'signature',
      async () => (await provider.token()).replace(/\.[^.]{4}([^.]*)$/, '.AAAA$1'),
    ],
    ['without a signature', 'not accepted', () => Promise.resolve(unsigned())],
    ['signed with a shared secret', 'not accepted', () => withSecret()],
    ['signed with a key the provider never had', 'unknown key', () => provider.token({}, { kid: 'invented' })],
    ['that is none', 'malformed', () => Promise.resolve('a.b.c')],
  ]
  it.each(refused)('%s is refused', async (_kind, reason, token) => {
    const refusal = authenticate(bearer(await token()))
    await expect(refusal).rejects.toBeInstanceOf(Unauthenticated)
    await expect(refusal).rejects.toThrow(reason)
  })

  it.each([undefined, null, '', 'Bearer', 'Basic YWRh', 42])('is needed: %s is refused', async (authorization) => {
    await expect(authenticate({ authorization, address: null })).rejects.toBeInstanceOf(Unauthenticated)
  })
})

describe('the provider’s keys', () => {
  it('are asked for once, however many callers come, and anew after ten minutes', async () => {
    const before = provider.asked
    const token = await provider.token()
    await Promise.all(Array.from({ length: 10 }, () => authenticate(bearer(token))))
    expect(provider.asked - before).toBe(1)
    await clock.advance(600_000)
    await authenticate(bearer(token))
    expect(provider.asked - before).toBe(2)
  })

  it('are asked for when a token names a new one, but not for each invented one', async () => {
    await authenticate(bearer(await provider.token()))
    await provider.rotate()
    const token = await provider.token()
    await clock.advance(30_000)
    await authenticate(bearer(token))
    const before = provider.asked
    for (const kid of ['a', 'b', 'c'])
      await expect(authenticate(bearer(await provider.token({}, { kid })))).rejects.toBeInstanceOf(Unauthenticated)
    expect(provider.asked).toBe(before)
  })

  it('still count for an hour while the provider is away', async () => {
    const token = await provider.token({ exp: seconds() + 86_400 })
    await authenticate(bearer(token))
    provider.away = true
    await clock.advance(3_599_000)
    await authenticate(bearer(token))
    // A token that was verified counts for a minute.
    await clock.advance(61_000)
    await expect(authenticate(bearer(token))).rejects.toBeInstanceOf(IdentityUnavailable)
    provider.away = false
    await clock.advance(1_000)
    await authenticate(bearer(token))
  })

  it('cannot be told when the provider is away from the start', async () => {
    provider.away = true
    await expect(authenticate(bearer(await provider.token()))).rejects.toBeInstanceOf(IdentityUnavailable)
  })
})

describe('what is remembered of a caller', () => {
  it('is never that its token was verified once that has ended', async () => {
    const short = await provider.token({ exp: seconds() + 10 })
    await authenticate(bearer(short))
    await clock.advance(16_000)
    await expect(authenticate(bearer(short))).rejects.toThrow('expired')
  })

  it('are its roles, with the version of all assignments that they were read at, which every change raises', async () => {
    const token = bearer(await provider.token({ sub: 'rachel' }))
    const first = await authenticate(token)
    await assign('USER', 'rachel', 'READER', '/')
    const remembered = await authenticate(token)
    expect([remembered.viewer.rolesHeld, remembered.rolesVersion]).toEqual([[], first.rolesVersion])
    const current = await remembered.current()
    expect(current.viewer.rolesHeld).toMatchObject([{ role: 'READER', scope: '/' }])
    expect(current.rolesVersion).not.toBe(first.rolesVersion)
    expect((await authenticate(token)).rolesVersion).toBe(current.rolesVersion)
    await database.store.pool.query(`delete from role_assignments where principal_id = 'rachel'`)
    expect((await current.current()).rolesVersion).not.toBe(current.rolesVersion)
  })
})

describe('roles', () => {
  it('are those assigned to the person, to its groups and to its app roles', async () => {
    await assign('USER', 'ada', 'READER', '/')
    await assign('GROUP', 'g1', 'REQUESTER', '/subscriptions/00000000-0000-0000-0000-000000000001')
    await assign('APP_ROLE', 'Operators', 'OPERATOR', '/')
    await assign('GROUP', 'ada', 'POLICY_ADMIN', '/')
    await assign('USER', 'g1', 'POLICY_ADMIN', '/')
    const { viewer } = await authenticate(bearer(await provider.token({ groups: ['g1', 'g2'], roles: ['Operators'] })))
    expect(viewer.rolesHeld).toHaveLength(3)
    const byRole = Object.fromEntries(viewer.rolesHeld.map((held) => [held.role, held]))
    expect(byRole).toMatchObject({
      READER: { scope: '/', by: { principalKind: 'USER', principalId: 'ada' } },
      REQUESTER: { scope: '/subscriptions/00000000-0000-0000-0000-000000000001', by: { principalId: 'g1' } },
      OPERATOR: { scope: '/', by: { principalKind: 'APP_ROLE', principalId: 'Operators', endsAt: null } },
    })
    expect(viewer.rolesUntil).toBeUndefined()
  })

  it('are none for whom nothing was assigned, and read anew when asked', async () => {
    const caller = await authenticate(bearer(await provider.token({ sub: 'newcomer' })))
    expect(caller.viewer.rolesHeld).toEqual([])
    await assign('USER', 'newcomer', 'READER', '/')
    expect((await caller.current()).viewer.rolesHeld).toMatchObject([{ role: 'READER', scope: '/' }])
  })

  it.each(['user:root', 'group:admins', 'app_role:Admins'])(
    'are all of them everywhere for the bootstrap admin %s',
    async (admin) => {
      const token = await provider.token({ sub: 'root', groups: ['admins'], roles: ['Admins'] })
      const other = await provider.token({ sub: 'admins', groups: ['root'], roles: ['root'] })
      expect((await authenticator(admin)(bearer(token))).viewer.rolesHeld).toEqual([
        { role: 'POLICY_ADMIN', scope: '/' },
      ])
      expect((await authenticator(admin)(bearer(other))).viewer.rolesHeld).toEqual([])
    },
  )

  it('cannot be told while the database is away', async () => {
    const store = await openStore(database.url)
    const away = authenticator(null, store)
    await store.close()
    await expect(away(bearer(await provider.token()))).rejects.toBeInstanceOf(IdentityUnavailable)
  })
})

function unsigned(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ iss: provider.issuer, aud: 'jit', sub: 'ada', exp: seconds() + 60 })}.`
}

function withSecret(): Promise<string> {
  const secret = new TextEncoder().encode('a shared secret of at least 32 bytes')
  return new SignJWT({ iss: provider.issuer, aud: 'jit', sub: 'ada', exp: seconds() + 60 })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(secret)
}
