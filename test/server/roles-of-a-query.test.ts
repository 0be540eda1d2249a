import { randomUUIDv7 } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createAuthenticator } from '../../src/server/identity/authenticator.ts'
import { localPeople, openLocalIssuer } from '../../src/server/identity/local-issuer.ts'
import { systemClock } from '../../src/time/clock.ts'
import { machines, writeTwoAccounts } from '../graphql/support/two-accounts.ts'
import { useDatabase } from '../support/database.ts'
import { serveReal } from './support/real-schema.ts'

const database = useDatabase()
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jit-gateway-roles-'))
  await writeTwoAccounts(database.store)
})
afterAll(() => rm(folder, { recursive: true }))

const change = (text: string, ...values: unknown[]) => database.store.pool.query(text, values)

it('a query is judged by the roles held at its moment, in one statement as long as they stand', async () => {
  const issuer = await openLocalIssuer(folder, systemClock)
  const { terms, keyFor } = issuer
  const claims = { groups: 'groups', roles: 'roles' }
  const person = localPeople[0]
  const gateway = await serveReal(database.store, [], {
    api: {
      authenticate: createAuthenticator({
        terms,
        keyFor,
        claims,
        bootstrapAdmin: null,
        store: database.store,
        clock: systemClock,
      }),
    },
  })
  const authorization = `Bearer ${await issuer.issue(person)}`
  const count = async () => {
    const query = '{ virtualMachines { totalCount } }'
    const answer = await (await gateway.post({ query }, { authorization })).json()
    return (answer as any).data.virtualMachines.totalCount as number
  }
  await change(`delete from role_assignments where principal_id = $1`, person?.id)
  expect(await count()).toBe(0)
  await change(
    `insert into role_assignments (id, principal_kind, principal_id, role, scope, assigned_at, assigned_by_id)
     values ($1, 'USER', $2, 'READER', '/', gateway_now(), 'test')`,
    randomUUIDv7(),
    person?.id,
  )
  expect(await count()).toBe(machines.length)
  gateway.statements.length = 0
  expect(await count()).toBe(machines.length)
  expect(gateway.statements).toHaveLength(1)
  await change(`delete from role_assignments where principal_id = $1`, person?.id)
  expect(await count()).toBe(0)
})
