import { randomUUID } from 'node:crypto'
import type { PoolClient } from 'pg'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { claimAccounts, holdAccount } from '../../src/store/inventory/claim-account.ts'
import { claimBoundaries, type Claim } from '../../src/store/reconcile/claim.ts'
import { failPass } from '../../src/store/reconcile/finish.ts'
import { recordObserved } from '../../src/store/reconcile/record.ts'
import { admin, boundaryId, grantTo, protect, requester, vmId, writeMachines } from '../commands/support/estate.ts'
import { beginByHand, waiting } from '../commands/support/interleave.ts'
import { grantOf } from '../commands/support/look.ts'
import { useDatabase } from '../support/database.ts'

const database = useDatabase()
const owner = randomUUID()
const front = boundaryId('front')
let grantId: string
let claim: Claim

beforeAll(() => protect(database.store, 'web'))

beforeEach(async () => {
  const { pool } = database.store
  grantId = await grantTo(database.store, requester, 'web')
  await pool.query(`insert into enforcements (grant_id, boundary_id, status) values ($1, $2, 'UNKNOWN')`, [
    grantId,
    front,
  ])
  await pool.query('update accounts set throttled_until = null')
  await pool.query('update boundary_reconciles set next_run_at = gateway_now(), lease_owner = null, lease_until = null')
  const [taken] = await claimBoundaries(database.store, owner, 60_000, { firewalls: 0, others: 1 })
  if (taken === undefined) throw new Error('the boundary was not due')
  claim = taken
})

const observe = () =>
  recordObserved(database.store, owner, claim, {
    at: new Date().toISOString(),
    etag: 'W/"1"',
    rules: [],
    enforcements: [{ grantId, status: 'OPEN', ruleName: 'JitGateway-Allow-1' }],
    shadows: [],
    drifted: [],
    drift: { drifts: [], closed: [], left: [] },
    refused: [],
    facts: [],
    takings: null,
    correlationId: null,
  })
const fail = (more: { readonly gone?: boolean; readonly throttledMs?: number } = {}) =>
  failPass(database.store, owner, claim, {
    fault: { code: 'X', message: 'x' },
    correlationId: null,
    missingPermissions: [],
    retryInMs: 1_000,
    throttledMs: more.throttledMs ?? null,
    gone: more.gone ?? false,
    refused: [],
    closing: [grantId],
  })

const become = (state: string, by: Pick<PoolClient, 'query'> = database.store.pool) =>
  by.query(
    `update grants set state = $2::grant_state, closing_at = gateway_now(), end_reason = 'RELEASED' where id = $1`,
    [grantId, state],
  )

/** What others hold while they go on to make the boundary due. */
const held = {
  'a grant that is being ended': () => 'select 1 from grants for no key update',
  'the boundary, as a sync does': () => `update boundaries set etag = 'W/"2"'`,
  'the account, as a sync does': () => 'select 1 from accounts for update',
}
const passes: [string, keyof typeof held, () => Promise<unknown>][] = [
  ['a pass records what it saw', 'a grant that is being ended', observe],
  ['a pass records what it saw', 'the boundary, as a sync does', observe],
  ['a pass records that it failed', 'a grant that is being ended', fail],
  ['a pass records that it was throttled', 'the account, as a sync does', () => fail({ throttledMs: 1_000 })],
  ['a pass records that the boundary is gone', 'a grant that is being ended', () => fail({ gone: true })],
  ['a pass records that the boundary is gone', 'the boundary, as a sync does', () => fail({ gone: true })],
  ['a pass records that the boundary is gone', 'the account, as a sync does', () => fail({ gone: true })],
]

describe('rows are locked in one order by everybody', () => {
  it.each(passes)('so that %s after whoever holds %s', async (_what, what, pass) => {
    if (pass !== observe) await become('CLOSING')
    const byHand = await beginByHand(database.store)
    await byHand.query(held[what]())
    const passed = pass()
    await waiting(database.store)
    await byHand.query('update boundary_reconciles set generation = generation + 1')
    await byHand.query('commit')
    await expect(passed).resolves.not.toBe(false)
  })

  it('and what was waited for counts: a grant released meanwhile does not become active', async () => {
    const byHand = await beginByHand(database.store)
    await become('CLOSING', byHand)
    const passed = observe()
    await waiting(database.store)
    await byHand.query('commit')
    expect(await passed).toBe(true)
    expect(await grantOf(database.store, grantId)).toMatchObject({ state: 'CLOSING' })
  })

  it('and nobody who writes what belongs to an account waits for a sync of it, which may wait for them', async () => {
    const { store } = database
    const [sync] = await claimAccounts(store, owner, { leaseMs: 60_000, resyncMs: 60_000 }, 1)
    if (sync === undefined) throw new Error('no account was due')
    await writeMachines(store, ['bare'])
    await store.db.transaction(async (tx) => {
      expect(await holdAccount(tx, owner, sync)).not.toBeNull()
      expect(await observe()).toBe(true)
      expect(await enableJit({ store, viewer: admin }, { vmIds: [vmId('bare')] })).toMatchObject({
        results: [{ userErrors: [] }],
      })
    })
  })
})
