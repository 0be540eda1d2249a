import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { actions } from '../../src/access/role.ts'
import type { Viewer } from '../../src/access/viewer.ts'
import { assignRole, type AssignRole } from '../../src/commands/assign-role.ts'
import { createCustomRole } from '../../src/commands/create-custom-role.ts'
import { startExpiringRoles } from '../../src/commands/expire-roles.ts'
import { removeCustomRole } from '../../src/commands/remove-custom-role.ts'
import { removeRole } from '../../src/commands/remove-role.ts'
import { silentLog } from '../../src/log/log.ts'
import { rolesHeldBy } from '../../src/server/identity/roles-held.ts'
import { systemClock } from '../../src/time/clock.ts'
import { ask } from '../graphql/support/ask.ts'
import { handClock } from '../support/clock.ts'
import { useDatabase } from '../support/database.ts'
import { account, admin, group, person, vmId } from './support/estate.ts'
import { endOfLog, everything, factsAfter, rows, told } from './support/look.ts'

const database = useDatabase()
const assign = (more: Partial<AssignRole>, viewer = admin) =>
  assignRole(
    { store: database.store, viewer },
    { principalKind: 'USER', principalId: 'pat', role: 'READER', scope: group, ...more },
  )
/** A moment so many milliseconds from now, by the database's clock. */
async function ahead(ms: number): Promise<Date> {
  const [row] = await rows<{ at: Date }>(
    database.store,
    `select gateway_now() + make_interval(secs => $1::float8 / 1000) as at`,
    [ms],
  )
  return row?.at as Date
}
const heldBy = async (id: string) =>
  rolesHeldBy(
    { actor: { kind: 'PERSON', id, name: id }, groups: ['on-call'], appRoles: ['Operators'] },
    { store: database.store, clock: handClock(1_000_000), bootstrapAdmin: null },
  )
const assignments = (id: string) =>
  rows<{ id: string; ends_at: Date | null }>(
    database.store,
    'select * from role_assignments where principal_id = $1 order by id',
    [id],
  )
const HOUR = 3_600_000

/** Somebody who holds everything at a scope until a moment. */
const until = (endsAt: Date, scope = group): Viewer => ({
  ...person('temp'),
  rolesHeld: [
    {
      role: 'POLICY_ADMIN',
      scope,
      by: { assignmentId: 'temp', principalKind: 'USER', principalId: 'temp', endsAt: endsAt.toISOString() },
    },
  ],
})

describe('an assignment with an end', () => {
  it('is written and said with it', async () => {
    const endsAt = await ahead(HOUR)
    const end = await endOfLog(database.store)
    await assign({ principalId: 'with', endsAt })
    expect(await assignments('with')).toMatchObject([{ ends_at: endsAt }])
    expect(await factsAfter(database.store, end)).toMatchObject([
      { kind: 'RoleAssigned', detail: { principalId: 'with', endsAt: endsAt.toISOString() } },
    ])
  })

  it('is held until then, and counts for nothing from that very moment on', async () => {
    for (const [principalKind, principalId] of [
      ['USER', 'ends'],
      ['GROUP', 'on-call'],
      ['APP_ROLE', 'Operators'],
    ] as const)
      await assign({ principalKind, principalId, endsAt: await ahead(HOUR) })
    await assign({ principalId: 'ends', scope: vmId('web') })
    const held = await heldBy('ends')
    expect(held.rolesHeld).toHaveLength(4)
    // By the stopwatch that began when the database was asked.
    expect(held.rolesUntil).toBeGreaterThan(1_000_000 + HOUR - 60_000)
    expect(held.rolesUntil).toBeLessThanOrEqual(1_000_000 + HOUR)
    await database.advance(HOUR)
    const after = await heldBy('ends')
    expect(after.rolesHeld).toMatchObject([{ scope: vmId('web') }])
    expect(after.rolesUntil).toBeUndefined()
    expect(after.rolesVersion).not.toBe(held.rolesVersion)
    expect(await assignments('ends')).toHaveLength(2)
  })

  it('makes another version of what is assigned at its moment, be it the first to end or one of many', async () => {
    await assign({ principalId: 'third', endsAt: await ahead(3 * HOUR) })
    await assign({ principalId: 'first', endsAt: await ahead(HOUR) })
    await assign({ principalId: 'second', endsAt: await ahead(2 * HOUR) })
    const versions = new Set<string>()
    for (let step = 0; step < 4; step += 1) {
      const { rolesVersion } = await heldBy('nobody')
      expect((await heldBy('nobody')).rolesVersion).toBe(rolesVersion)
      versions.add(rolesVersion)
      await database.advance(HOUR)
    }
    expect(versions.size).toBe(4)
    // Nothing has taken away what ended meanwhile.
    expect(await assignments('first')).toHaveLength(1)
  })

  it('is not forgotten for another that is assigned at the same time', async () => {
    const insert = `insert into role_assignments (id, principal_kind, principal_id, role, scope, ends_at, assigned_at,
      assigned_by_id)
      values (gen_random_uuid(), 'USER', $1, 'READER', '/', gateway_now() + $2 * interval '1 hour', gateway_now(), 'ada')`
    await database.store.pool.query(`delete from role_assignments where ends_at is not null`)
    const [one, other] = [await database.store.pool.connect(), await database.store.pool.connect()]
    try {
      await one.query('begin')
      await one.query(insert, ['sooner', 1])
      const waiting = other.query(insert, ['later', 5])
      await vi.waitFor(async () => {
        const blocked = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'insert into role_a%'`
        expect(await rows(database.store, blocked)).toHaveLength(1)
      })
      await one.query('commit')
      await waiting
    } finally {
      one.release()
      other.release()
    }
    const { rolesVersion } = await heldBy('nobody')
    await database.advance(2 * HOUR)
    expect((await heldBy('nobody')).rolesVersion).not.toBe(rolesVersion)
  })

  it('is no longer listed from then on', async () => {
    await assign({ principalId: 'listed', endsAt: await ahead(HOUR) })
    const list = async () => {
      const text = '{ roleAssignments(filter: { principalIds: ["listed"] }) { totalCount nodes { endsAt } } }'
      return (await ask<any>(database.store, admin, text)).roleAssignments.totalCount as number
    }
    expect(await list()).toBe(1)
    await database.advance(HOUR)
    expect(await list()).toBe(0)
  })

  it.each([0, -1, -HOUR])('is refused when the end lies %i ms ahead', async (ms) => {
    // What has ended is gone with the next change of roles.
    await assign({ principalId: 'present' })
    const before = await everything(database.store)
    expect(told((await assign({ principalId: 'past', endsAt: await ahead(ms) })).userErrors)).toEqual([
      'INVALID_INPUT at endsAt',
    ])
    expect(await everything(database.store)).toEqual(before)
  })
})

describe('assigning again', () => {
  it('changes the end, and says so once', async () => {
    const first = await assign({ principalId: 'again', endsAt: await ahead(HOUR) })
    const end = await endOfLog(database.store)
    const later = await ahead(2 * HOUR)
    expect(await assign({ principalId: 'again', endsAt: later })).toEqual(first)
    expect(await assign({ principalId: 'again', endsAt: later })).toEqual(first)
    expect(await assignments('again')).toMatchObject([{ ends_at: later }])
    expect(await factsAfter(database.store, end)).toMatchObject([{ detail: { endsAt: later.toISOString() } }])
  })

  it('takes the end away when none is given', async () => {
    await assign({ principalId: 'endless', endsAt: await ahead(HOUR) })
    await assign({ principalId: 'endless' })
    expect(await assignments('endless')).toMatchObject([{ ends_at: null }])
  })

  it('after the end is another assignment, and the log says that the first ended', async () => {
    const first = await assign({ principalId: 'anew', endsAt: await ahead(HOUR) })
    await database.advance(HOUR)
    const end = await endOfLog(database.store)
    const second = await assign({ principalId: 'anew' })
    expect(second.id).not.toBe(first.id)
    const kinds = (await factsAfter(database.store, end)).filter(({ detail }) => detail['principalId'] === 'anew')
    expect(kinds.map(({ kind }) => kind)).toEqual(['RoleExpired', 'RoleAssigned'])
  })
})

describe('whoever holds a role for a while', () => {
  it('cannot give it for longer, nor to themselves without an end', async () => {
    const endsAt = await ahead(HOUR)
    const viewer = until(endsAt)
    for (const more of [{}, { endsAt: new Date(endsAt.getTime() + 1) }]) {
      const { id, userErrors } = await assign({ principalId: 'temp', role: 'POLICY_ADMIN', ...more }, viewer)
      expect([id, told(userErrors)]).toEqual([null, ['NOT_PERMITTED at endsAt']])
    }
    expect((await assign({ principalId: 'temp', role: 'POLICY_ADMIN', endsAt }, viewer)).userErrors).toEqual([])
  })
})

describe('the end of an assignment', () => {
  it('is said once, by the gateway, with what was held', async () => {
    const endsAt = await ahead(HOUR)
    const made = { name: 'for a while', scope: group, actions: [actions.readGrant] }
    const role = (await createCustomRole({ store: database.store, viewer: admin }, made)).id as string
    await assign({ principalId: 'said', role: 'OPERATOR', scope: '/', endsAt })
    await assign({ principalId: 'said', role, scope: vmId('web'), endsAt: new Date(endsAt.getTime() + 1) })
    await database.advance(2 * HOUR)
    const end = await endOfLog(database.store)
    const parts = { store: database.store, clock: systemClock, log: silentLog }
    const loops = [startExpiringRoles(parts), startExpiringRoles(parts)]
    await expect.poll(() => assignments('said')).toEqual([])
    await Promise.all(loops.map((loop) => loop.stop()))
    const facts = (await factsAfter(database.store, end)).filter(({ detail }) => detail['principalId'] === 'said')
    expect(facts).toMatchObject([
      {
        kind: 'RoleExpired',
        actor_id: 'gateway',
        account_id: null,
        resource_group_id: null,
        vm_id: null,
        detail: { role: 'OPERATOR', principalKind: 'USER', scope: '/', endsAt: endsAt.toISOString() },
      },
      {
        kind: 'RoleExpired',
        account_id: account,
        resource_group_id: group,
        vm_id: vmId('web'),
        detail: { role: 'for a while', scope: vmId('web') },
      },
    ])
  })

  it('is noticed at its moment', async () => {
    await assign({ principalId: 'noticed', endsAt: await ahead(400) })
    const loop = startExpiringRoles({ store: database.store, clock: systemClock, log: silentLog })
    onTestFinished(() => loop.stop())
    await expect.poll(() => assignments('noticed'), { interval: 20, timeout: 3_000 }).toEqual([])
    const [fact] = await rows<{ late: number }>(
      database.store,
      `select extract(epoch from at - (detail->>'endsAt')::timestamptz)::float8 as late from activities
       where kind = 'RoleExpired' and detail->>'principalId' = 'noticed'`,
    )
    expect(fact?.late).toBeGreaterThanOrEqual(0)
  })

  it('is looked for without a write as long as nothing ends', async () => {
    const { pool, db } = database.store
    let [looks, transactions] = [0, 0]
    const counted = new Proxy(db, {
      get(target, name) {
        if (name === 'execute') looks += 1
        if (name === 'transaction') transactions += 1
        return Reflect.get(target, name, target) as unknown
      },
    })
    const clock = handClock()
    const loop = startExpiringRoles({ store: { pool, db: counted }, clock, log: silentLog })
    await expect.poll(() => clock.waiting).toBe(1)
    await clock.advance(1_000)
    await expect.poll(() => clock.waiting).toBe(1)
    await loop.stop()
    expect([looks, transactions]).toEqual([2, 0])
  })

  it('frees the role, and the assignment is not there to be removed', async () => {
    const context = { store: database.store, viewer: admin }
    const role = (await createCustomRole(context, { name: 'freed', scope: group, actions: [actions.readGrant] })).id
    const { id } = await assign({ principalId: 'freed', role: role as string, endsAt: await ahead(HOUR) })
    await database.advance(HOUR)
    expect(told((await removeRole(context, { assignmentId: id as string })).userErrors)).toEqual([
      'NOT_FOUND at assignmentId',
    ])
    expect((await removeCustomRole(context, { roleId: role as string })).userErrors).toEqual([])
  })
})
