import { beforeAll, describe, expect, it } from 'vitest'
import { releaseGrant } from '../../src/commands/release-grant.ts'
import { revokeGrant } from '../../src/commands/revoke-grant.ts'
import { settleWaiting } from '../../src/commands/settle-waiting.ts'
import { startScheduled } from '../../src/commands/start-scheduled.ts'
import { withdrawRequest } from '../../src/commands/withdraw-request.ts'
import { useDatabase } from '../support/database.ts'
import {
  ann,
  askFor,
  awaitedFor,
  bob,
  decide,
  outcomeOf,
  protectOn,
  rule,
  storyOfRequest,
  user,
} from './support/approvals.ts'
import { nobody, operator, protect, reader, requester, stranger, vmId } from './support/estate.ts'
import { endOfLog, everything, factsAfter, grantOf, storyOf, told } from './support/look.ts'

const database = useDatabase()
const withdraw = (requestId: string, viewer = requester) =>
  withdrawRequest({ store: database.store, viewer }, { requestId })
const outcome = (requestId: string) => outcomeOf(database.store, requestId)
const inAnHour = async () => {
  const { rows } = await database.store.pool.query<{ at: Date }>(`select gateway_now() + interval '1 hour' as at`)
  return rows[0]?.at ?? null
}

beforeAll(async () => {
  await protectOn(database.store, 'one', { approvalRule: rule(1, user('ann')) })
  await protectOn(database.store, 'other', { approvalRule: rule(1, user('bob')) })
  await protect(database.store, 'free')
})

describe('a request can be withdrawn by its requester', () => {
  it('while it waits for approval: nobody is asked any more', async () => {
    const { requestId, grantIds } = await askFor(database.store, 'one')
    const end = await endOfLog(database.store)
    expect(await withdraw(requestId)).toEqual({ id: requestId, userErrors: [] })
    expect(await outcome(requestId)).toEqual({ status: 'WITHDRAWN', grants: ['CLOSED WITHDRAWN'] })
    expect(await awaitedFor(database.store, requestId)).toEqual([])
    expect(await factsAfter(database.store, end)).toMatchObject([
      {
        kind: 'RequestWithdrawn',
        actor_id: 'rob',
        detail: { status: 'WITHDRAWN', awaited: [{ vmIds: [vmId('one')] }] },
      },
      { kind: 'GrantClosed', grant_id: grantIds[0], detail: { state: 'CLOSED', endReason: 'WITHDRAWN' } },
    ])
    expect(await decide(database.store, ann, requestId, 'APPROVED')).toMatchObject({ counted: false, userErrors: [] })
    expect(await outcome(requestId)).toMatchObject({ status: 'WITHDRAWN' })
  })

  it('while it waits for its beginning', async () => {
    const { requestId, grantIds } = await askFor(database.store, 'free', { startsAt: await inAnHour() })
    expect(await outcome(requestId)).toEqual({ status: 'APPROVED', grants: ['SCHEDULED'] })
    await withdraw(requestId)
    expect(await outcome(requestId)).toEqual({ status: 'WITHDRAWN', grants: ['CLOSED WITHDRAWN'] })
    await database.advance(3_600_000)
    expect(await startScheduled(database.store, 10)).toBe(0)
    expect(await storyOf(database.store, grantIds[0] ?? '')).toEqual(['GrantScheduled', 'GrantClosed'])
  })

  it('twice, which changes nothing', async () => {
    const { requestId } = await askFor(database.store, 'one')
    await withdraw(requestId)
    const before = await everything(database.store)
    expect(await withdraw(requestId)).toEqual({ id: requestId, userErrors: [] })
    expect(await everything(database.store)).toEqual(before)
  })

  it('no more once it is decided and nothing of it waits', async () => {
    const [opened, denied] = [await askFor(database.store, 'one'), await askFor(database.store, 'one')]
    await decide(database.store, ann, opened.requestId, 'APPROVED')
    await decide(database.store, ann, denied.requestId, 'DENIED')
    for (const { requestId } of [opened, denied]) {
      const before = await everything(database.store)
      expect(told((await withdraw(requestId)).userErrors)).toEqual(['CONFLICT at requestId'])
      expect(await everything(database.store)).toEqual(before)
    }
  })
})

it('is not there to be withdrawn by anybody else', async () => {
  const { requestId } = await askFor(database.store, 'one')
  const before = await everything(database.store)
  for (const viewer of [operator, reader, ann])
    expect(told((await withdraw(requestId, viewer)).userErrors)).toEqual(['NOT_PERMITTED at requestId'])
  for (const [id, viewer] of [
    [requestId, stranger],
    [nobody, requester],
  ] as const)
    expect(told((await withdraw(id, viewer)).userErrors)).toEqual(['NOT_FOUND at requestId'])
  expect(await everything(database.store)).toEqual(before)
})

describe('a single grant that waits', () => {
  it('is withdrawn when its holder releases it, and the rest of its request waits on', async () => {
    const { requestId, grantIds } = await askFor(database.store, ['one', 'other'])
    await decide(database.store, ann, requestId, 'APPROVED')
    expect(await outcome(requestId)).toMatchObject({ status: 'PENDING_APPROVAL' })
    const other = (await Promise.all(grantIds.map((id) => grantOf(database.store, id)))).find(
      (grant) => grant.vm_id === vmId('other'),
    )
    const id = other?.id ?? ''
    expect(await releaseGrant({ store: database.store, viewer: requester }, { grantId: id })).toEqual({
      id,
      userErrors: [],
    })
    expect(await outcome(requestId)).toEqual({
      status: 'PENDING_APPROVAL',
      grants: ['PENDING_APPROVAL', 'CLOSED WITHDRAWN'],
    })
    // What is left has the approvals it needs: the gateway finds out by itself.
    await settleWaiting(database.store, 10)
    expect(await outcome(requestId)).toEqual({ status: 'APPROVED', grants: ['OPENING', 'CLOSED WITHDRAWN'] })
  })

  it('is revoked by an operator, and the request lapses with the last of them', async () => {
    const { requestId, grantIds } = await askFor(database.store, 'one')
    await revokeGrant({ store: database.store, viewer: operator }, { grantId: grantIds[0] ?? '' })
    expect(await outcome(requestId)).toEqual({ status: 'LAPSED', grants: ['CLOSED REVOKED'] })
    expect(await storyOfRequest(database.store, requestId)).toEqual([
      'AccessRequested',
      'GrantRequested',
      'GrantClosed',
      'RequestLapsed',
    ])
    expect(await awaitedFor(database.store, requestId)).toEqual([])
    expect(await decide(database.store, bob, requestId, 'APPROVED')).toMatchObject({ id: null })
  })
})
