import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { gatewayActor } from '../../src/access/words.ts'
import { extendGrant } from '../../src/commands/extend-grant.ts'
import { liftLockDown } from '../../src/commands/lift-lock-down.ts'
import { lockDown } from '../../src/commands/lock-down.ts'
import { releaseGrant } from '../../src/commands/release-grant.ts'
import { endExpiredGrants } from '../../src/store/end-grants.ts'
import { beginPass } from '../../src/store/reconcile/begin.ts'
import { claimBoundaries } from '../../src/store/reconcile/claim.ts'
import { sql } from '../../src/store/sql.ts'
import type { Store } from '../../src/store/store.ts'
import { useDatabase } from '../support/database.ts'
import { grantTo, group, operator, protect, requester } from './support/estate.ts'
import { interleave, orders, type Settled } from './support/every-interleaving.ts'
import { grantOf, storyOf } from './support/look.ts'

const database = useDatabase()
const owner = randomUUID()
const extend = (store: Store, grantId: string, durationSeconds = 1_800) =>
  extendGrant({ store, viewer: requester }, { grantId, durationSeconds })
const expire = (store: Store) => store.db.transaction((tx) => endExpiredGrants(tx, 100, gatewayActor))

/** Lets the end of the grant pass, as a step among the statements of the others. */
const passTime = (store: Store) =>
  store.db.transaction(async (tx) => {
    await tx.execute(sql`select 1`)
    await database.advance(2_000)
  })

/** A grant that is open for another second. */
async function aboutToEnd(): Promise<string> {
  const { store } = database
  const grantId = await grantTo(store, requester, 'web')
  await store.pool.query(
    `update grants set state = 'ACTIVE', activated_at = gateway_now(), ends_at = gateway_now() + interval '1 second'
     where id = $1`,
    [grantId],
  )
  return grantId
}

const value = <Answer>(settled: Settled<Answer>): Answer => {
  if ('error' in settled) throw settled.error
  return settled.value
}
/** Runs the property, and fails when it did not meet both outcomes. */
async function both(property: (met: (outcome: boolean) => void, picks: readonly number[]) => Promise<void>) {
  const outcomes = new Set<boolean>()
  const met = (outcome: boolean) => void outcomes.add(outcome)
  await fc.assert(
    fc.asyncProperty(orders, (picks) => property(met, picks)),
    { numRuns: 40 },
  )
  expect(outcomes).toEqual(new Set([true, false]))
}

beforeAll(() => protect(database.store, 'web'))
beforeEach(() =>
  database.store.pool.query(
    `update grants set state = 'CLOSING', end_reason = 'REVOKED', closing_at = gateway_now() where state = 'ACTIVE'`,
  ),
)

describe('however their statements follow each other', { timeout: 60_000 }, () => {
  it('of an extension and the end of the window one comes first, and the other finds it so', () =>
    both(async (met, picks) => {
      const grantId = await aboutToEnd()
      const [extended, ended] = await interleave(
        database.store,
        picks,
        (store) => extend(store, grantId),
        expire,
        passTime,
      )
      value(ended)
      await expire(database.store)
      const won = value(extended).requestId !== null
      met(won)
      const story = await storyOf(database.store, grantId)
      if (won) {
        expect(await grantOf(database.store, grantId)).toMatchObject({ state: 'ACTIVE', end_reason: null })
        expect(story.slice(-2)).toEqual(['AccessRequested', 'GrantExtended'])
      } else {
        expect(value(extended).userErrors).toMatchObject([{ code: 'CONFLICT' }])
        expect(await grantOf(database.store, grantId)).toMatchObject({ state: 'CLOSING', end_reason: 'TIME_UP' })
        expect(story).toEqual(['GrantOpening', 'GrantClosing'])
      }
    }))

  // At whichever statement of the extension the end passes and a pass begins.
  const cuts = Array.from({ length: 16 }, (_, cut) => [
    ...Array<number>(cut).fill(0),
    2,
    2,
    1,
    1,
    ...Array<number>(16).fill(0),
  ])

  it('no pass over the boundary takes away the rule of a grant that was extended', async () => {
    const outcomes = new Set<boolean>()
    for (const picks of cuts) {
      const { store } = database
      const grantId = await aboutToEnd()
      await store.pool.query(
        'update boundary_reconciles set next_run_at = gateway_now(), lease_owner = null, lease_until = null',
      )
      const [claim] = await claimBoundaries(store, owner, 60_000, { firewalls: 0, others: 1 })
      if (claim === undefined) throw new Error('the boundary was not due')
      const [extended, pass] = await interleave(
        store,
        picks,
        (own) => extend(own, grantId),
        (own) => beginPass(own, owner, claim),
        passTime,
      )
      const won = value(extended).requestId !== null
      outcomes.add(won)
      const live = value(pass)?.grants.map((grant) => grant.grantId) ?? []
      if (won) expect(live).toContain(grantId)
      await expire(store)
      expect((await grantOf(store, grantId)).state).toBe(won ? 'ACTIVE' : 'CLOSING')
    }
    expect(outcomes).toEqual(new Set([true, false]))
  })

  it('a grant that is released or locked down at the same time ends, once', () =>
    both(async (met, picks) => {
      const grantId = await aboutToEnd()
      const [extended, released, locked] = await interleave(
        database.store,
        picks,
        (store) => extend(store, grantId),
        (store) => releaseGrant({ store, viewer: requester }, { grantId }),
        (store) => lockDown({ store, viewer: operator }, { scope: group, reason: 'intrusion' }),
      )
      expect(value(released).userErrors).toEqual([])
      await liftLockDown({ store: database.store, viewer: operator }, { lockdownId: value(locked).id ?? '' })
      met(value(extended).requestId !== null)
      expect(['RELEASED', 'LOCKED_DOWN']).toContain((await grantOf(database.store, grantId)).end_reason)
      const story = await storyOf(database.store, grantId)
      expect(story.filter((kind) => kind === 'GrantClosing')).toHaveLength(1)
      expect(story.at(-1)).toBe('GrantClosing')
    }))

  it('of two extensions the later end stands', () =>
    both(async (met, picks) => {
      const grantId = await aboutToEnd()
      const [short, long] = await interleave(
        database.store,
        picks,
        (store) => extend(store, grantId, 900),
        (store) => extend(store, grantId, 1_800),
      )
      expect(value(long).userErrors).toEqual([])
      met(value(short).requestId !== null)
      const { ends_at } = await grantOf(database.store, grantId)
      const { rows } = await database.store.pool.query<{ to: Date }>(
        'select extended_to as to from extensions where request_id = $1',
        [value(long).requestId],
      )
      expect(ends_at).toEqual(rows[0]?.to)
    }))
})
