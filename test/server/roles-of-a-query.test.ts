import { randomUUIDv7 } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { actions } from '../../src/access/role.ts'
import { assignRole } from '../../src/commands/assign-role.ts'
import { createCustomRole } from '../../src/commands/create-custom-role.ts'
import { updateCustomRole } from '../../src/commands/update-custom-role.ts'
import { createAuthenticator } from '../../src/server/identity/authenticator.ts'
import { localPeople, openLocalIssuer } from '../../src/server/identity/local-issuer.ts'
import { systemClock } from '../../src/time/clock.ts'
import { person } from '../graphql/support/context.ts'
import { machines, writeTwoAccounts, type Machine } from '../graphql/support/two-accounts.ts'
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

/** Asks, as somebody who holds nothing to begin with, how many machines there are: what they may see of them. */
async function asking(place: 0 | 1 | 2) {
  const issuer = await openLocalIssuer(folder, systemClock)
  const claims = { groups: 'groups', roles: 'roles' }
  const source = { bootstrapAdmin: null, store: database.store, clock: systemClock }
  const authenticate = createAuthenticator({ terms: issuer.terms, keyFor: issuer.keyFor, claims, ...source })
  const gateway = await serveReal(database.store, [], { api: { authenticate } })
  const authorization = `Bearer ${await issuer.issue(localPeople[place])}`
  await change('delete from role_assignments where principal_id = $1', localPeople[place].id)
  return {
    id: localPeople[place].id,
    gateway,
    count: async () => {
      const query = '{ virtualMachines { totalCount } }'
      const answer = await (await gateway.post({ query }, { authorization })).json()
      return (answer as any).data.virtualMachines.totalCount as number
    },
  }
}

it('a query is judged by nothing that has ended by the database clock, though nobody has taken it away yet', async () => {
  const { id, gateway, count } = await asking(1)
  const [row] = (await change(`select gateway_now() + interval '1 hour' as ends_at`)).rows as { ends_at: Date }[]
  const viewer = person('ada', 'POLICY_ADMIN')
  const given = { principalKind: 'USER', principalId: id, role: 'READER', scope: '/' } as const
  await assignRole({ store: database.store, viewer }, { ...given, endsAt: row?.ends_at ?? null })
  expect(await count()).toBe(machines.length)
  await database.advance(3_599_000)
  gateway.statements.length = 0
  expect(await count()).toBe(machines.length)
  expect(gateway.statements).toHaveLength(1)
  await database.advance(1_000)
  expect(await count()).toBe(0)
  gateway.statements.length = 0
  expect(await count()).toBe(0)
  expect(gateway.statements).toHaveLength(1)
})

it('a query is judged by what a role allows that somebody made at its moment', async () => {
  const { id, gateway, count } = await asking(2)
  const context = { store: database.store, viewer: person('ada', 'POLICY_ADMIN') }
  const role = (await createCustomRole(context, { name: 'own', scope: '/', actions: [actions.readPolicy] }))
    .id as string
  await assignRole(context, { principalKind: 'USER', principalId: id, role, scope: (machines[0] as Machine).group })
  expect(await count()).toBe(0)
  await updateCustomRole(context, { roleId: role, addActions: [actions.readVirtualMachine] })
  expect(await count()).toBe(2)
  gateway.statements.length = 0
  expect(await count()).toBe(2)
  expect(gateway.statements).toHaveLength(1)
  await updateCustomRole(context, { roleId: role, removeActions: [actions.readVirtualMachine] })
  expect(await count()).toBe(0)
})

it('a query is judged by the roles held at its moment, in one statement as long as they stand', async () => {
  const { id, gateway, count } = await asking(0)
  expect(await count()).toBe(0)
  await change(
    `insert into role_assignments (id, principal_kind, principal_id, role, scope, assigned_at, assigned_by_id)
     values ($1, 'USER', $2, 'READER', '/', gateway_now(), 'test')`,
    randomUUIDv7(),
    id,
  )
  expect(await count()).toBe(machines.length)
  gateway.statements.length = 0
  expect(await count()).toBe(machines.length)
  expect(gateway.statements).toHaveLength(1)
  await change(`delete from role_assignments where principal_id = $1`, id)
  expect(await count()).toBe(0)
})
