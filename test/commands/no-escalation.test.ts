import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { actions, actionsOf, roleNames, type Action } from '../../src/access/role.ts'
import { scopeContains } from '../../src/access/scope.ts'
import type { Viewer } from '../../src/access/viewer.ts'
import { assignRole } from '../../src/commands/assign-role.ts'
import { createCustomRole } from '../../src/commands/create-custom-role.ts'
import { removeCustomRole } from '../../src/commands/remove-custom-role.ts'
import { removeRole } from '../../src/commands/remove-role.ts'
import { updateCustomRole } from '../../src/commands/update-custom-role.ts'
import { rolesHeldBy } from '../../src/server/identity/roles-held.ts'
import { systemClock } from '../../src/time/clock.ts'
import { useDatabase } from '../support/database.ts'
import { account, group, otherGroup, vmId } from './support/estate.ts'
import { rows } from './support/look.ts'

const database = useDatabase()
const people = ['ann', 'bob', 'cid'] as const
const scopes = ['/', `/subscriptions/${account}`, group, otherGroup, vmId('web')]
const ends = [null, '2126-01-01T00:00:00.000Z', '2127-01-01T00:00:00.000Z']
/** Few actions, so that roles overlap; those of roles among them. */
const some: Action[] = [actions.readRole, actions.writeRole, actions.revokeGrant, actions.approveRequest]

const scope = fc.constantFrom(...scopes)
const person = fc.constantFrom(...people)
const set = fc.subarray(some, { minLength: 1 })
const nth = fc.nat({ max: 5 })
const step = fc.oneof(
  fc.record({ verb: fc.constant('create'), who: person, scope, actions: set }),
  fc.record({ verb: fc.constant('update'), who: person, role: nth, add: fc.subarray(some), remove: fc.subarray(some) }),
  fc.record({ verb: fc.constant('assign'), who: person, to: person, role: nth, scope, end: fc.constantFrom(...ends) }),
  fc.record({ verb: fc.constant('assign'), who: person, to: person, role: nth, scope, end: fc.constantFrom(...ends) }),
  fc.record({ verb: fc.constant('remove'), who: person, role: nth }),
  fc.record({ verb: fc.constant('unassign'), who: person, assignment: nth }),
) as fc.Arbitrary<any>
/** What everybody begins with: a role of these actions at a scope, until a moment. */
const writing = set.map((allowed) => [...new Set([actions.readRole, actions.writeRole, ...allowed])])
const beginning = fc.record({ actions: fc.oneof(set, writing, writing), scope, end: fc.constantFrom(...ends) })

const principal = (id: string) => ({ actor: { kind: 'PERSON' as const, id, name: id }, groups: ['all'], appRoles: [] })

async function viewerOf(id: string): Promise<Viewer> {
  const source = { store: database.store, clock: systemClock, bootstrapAdmin: null }
  const { rolesHeld } = await rolesHeldBy(principal(id), source)
  return { ...principal(id), rolesHeld, address: null }
}

/** Until when somebody may do something somewhere: null for ever, undefined for not at all. Judged anew for the test. */
function untilWhen({ rolesHeld }: Viewer, action: Action, at: string): string | null | undefined {
  const found = rolesHeld
    .filter(({ role, scope: held }) => actionsOf(role).includes(action) && scopeContains(held, at))
    .map(({ by }) => by?.endsAt ?? null)
  if (found.includes(null)) return null
  return found
    .flatMap((end) => end ?? [])
    .toSorted()
    .at(-1)
}
const rank = (end: string | null | undefined) => (end === undefined ? -1 : end === null ? Infinity : Date.parse(end))

async function begin(held: readonly { actions: readonly Action[]; scope: string; end: string | null }[]) {
  const { pool } = database.store
  await pool.query('truncate role_assignments, custom_roles')
  for (const [n, { actions: allowed, scope: at, end }] of held.entries()) {
    const { rows: made } = await pool.query<{ id: string }>(
      `insert into custom_roles (id, name, description, scope, actions, created_at, created_by_kind, created_by_id,
         created_by_name, updated_at)
       values (gen_random_uuid(), $1, '', $2, $3, gateway_now(), 'PERSON', 'x', 'x', gateway_now()) returning id`,
      [`begin ${n}`, at, allowed],
    )
    await pool.query(
      `insert into role_assignments (id, principal_kind, principal_id, custom_role_id, scope, assigned_at,
         assigned_by_id, ends_at) values (gen_random_uuid(), 'USER', $1, $2, $3, gateway_now(), 'x', $4)`,
      [people[n], made[0]?.id, at, end],
    )
  }
}

/** Runs a step; answers whether it was accepted. */
async function run(viewer: Viewer, one: any, name: string): Promise<boolean> {
  const context = { store: database.store, viewer }
  const custom = await rows<{ id: string }>(database.store, 'select id from custom_roles order by created_at, id')
  const ids = [...custom.map(({ id }) => id), ...roleNames]
  const roleId = ids[one.role % ids.length] ?? ''
  const answers: Record<string, () => Promise<{ id: string | null }>> = {
    create: () => createCustomRole(context, { name, scope: one.scope, actions: one.actions }),
    update: () => updateCustomRole(context, { roleId, addActions: one.add, removeActions: one.remove }),
    assign: () =>
      assignRole(context, {
        principalKind: 'USER',
        principalId: one.to,
        role: roleId,
        scope: one.scope,
        endsAt: one.end === null ? null : new Date(one.end),
      }),
    remove: () => removeCustomRole(context, { roleId }),
    async unassign() {
      const held = await rows<{ id: string }>(
        database.store,
        'select id from role_assignments order by assigned_at, id',
      )
      const found = held[one.assignment % Math.max(1, held.length)]
      return found === undefined ? { id: null } : removeRole(context, { assignmentId: found.id })
    },
  }
  return ((await answers[one.verb]?.()) ?? { id: null }).id !== null
}

describe('whoever may write roles', () => {
  it('gives nobody what they do not hold themselves, at that scope and for that long, whatever they do', async () => {
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(beginning, beginning, beginning),
        fc.array(step, { minLength: 4, maxLength: 10 }),
        async (held, steps) => {
          await begin(held)
          for (const [n, one] of steps.entries()) {
            const before = await Promise.all(people.map(viewerOf))
            const actor = before[people.indexOf(one.who)] as Viewer
            if (!(await run(actor, one, `role ${n}`))) continue
            accepted += 1
            const after = await Promise.all(people.map(viewerOf))
            for (const [place, viewer] of after.entries())
              for (const action of Object.values(actions))
                for (const at of scopes) {
                  const end = rank(untilWhen(viewer, action, at))
                  if (end <= rank(untilWhen(before[place] as Viewer, action, at))) continue
                  expect(rank(untilWhen(actor, action, at)), `${action} at ${at}`).toBeGreaterThanOrEqual(end)
                }
          }
        },
      ),
      { numRuns: 60 },
    )
    // Else it would have proven nothing.
    expect(accepted).toBeGreaterThan(20)
  }, 60_000)
})
