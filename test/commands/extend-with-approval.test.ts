import { beforeAll, describe, expect, it } from 'vitest'
import { disableJit } from '../../src/commands/disable-jit.ts'
import { extendGrant, type ExtendGrantInput } from '../../src/commands/extend-grant.ts'
import { lapseOverdue } from '../../src/commands/lapse-requests.ts'
import { liftLockDown } from '../../src/commands/lift-lock-down.ts'
import { lockDown } from '../../src/commands/lock-down.ts'
import { releaseGrant } from '../../src/commands/release-grant.ts'
import { settleWaiting } from '../../src/commands/settle-waiting.ts'
import { updatePolicy } from '../../src/commands/update-policy.ts'
import { withdrawRequest } from '../../src/commands/withdraw-request.ts'
import { gatewayActor } from '../../src/access/words.ts'
import { globalId } from '../../src/graphql/global-id.ts'
import { endExpiredGrants } from '../../src/store/end-grants.ts'
import { ask } from '../graphql/support/ask.ts'
import type { Store } from '../../src/store/store.ts'
import { useDatabase } from '../support/database.ts'
import { ann, askFor, awaitedFor, bob, decide, protectOn, rule, storyOfRequest, user } from './support/approvals.ts'
import { admin, operator, requester, vmId } from './support/estate.ts'
import { interleave } from './support/every-interleaving.ts'
import { grantOf, rows, storyOf, told } from './support/look.ts'

const database = useDatabase()
const minute = 60_000
let policyId = ''
beforeAll(async () => {
  policyId = await protectOn(database.store, 'web', { approvalRule: rule(1, user('ann'), user('bob')) })
  await protectOn(database.store, 'two', { approvalRule: rule(2, user('ann'), user('bob')) })
})

/** A grant that was approved and is open for ten minutes from now on. */
async function open(name = 'web'): Promise<string> {
  const { store } = database
  const { requestId, grantIds } = await askFor(store, name)
  await decide(store, ann, requestId, 'APPROVED')
  await decide(store, bob, requestId, 'APPROVED')
  const [grantId = ''] = grantIds
  await store.pool.query(
    `update grants set state = 'ACTIVE', activated_at = gateway_now(), ends_at = gateway_now() + interval '10 minutes'
     where id = $1`,
    [grantId],
  )
  return grantId
}

const extend = (grantId: string, input: Partial<ExtendGrantInput> = {}) =>
  extendGrant({ store: database.store, viewer: requester }, { grantId, durationSeconds: 1_800, ...input })

/** An open grant, and the request for its extension, which waits. */
async function waiting(name = 'web', input: Partial<ExtendGrantInput> = {}) {
  const grantId = await open(name)
  const { requestId, userErrors } = await extend(grantId, input)
  if (requestId === null) throw new Error(JSON.stringify(userErrors))
  return { grantId, requestId, before: await grantOf(database.store, grantId) }
}

/** What became of an extension: of its request, and in seconds from now, when the grant ends. */
async function outcome(requestId: string) {
  const [found] = await rows<{ status: string; left: number; done: boolean }>(
    database.store,
    `select r.status, extract(epoch from g.ends_at - gateway_now())::float8 as left, x.extended_at is not null as done
     from requests r join extensions x on x.request_id = r.id join grants g on g.id = x.grant_id where r.id = $1`,
    [requestId],
  )
  if (found === undefined) throw new Error(`there is no extension ${requestId}`)
  return found
}
const lapsedBecause = async (requestId: string) => {
  const facts = await rows<{ reason: string }>(
    database.store,
    `select detail->>'reason' as reason from activities where request_id = $1 and kind = 'RequestLapsed'`,
    [requestId],
  )
  return facts.map(({ reason }) => reason)
}
const approve = (requestId: string, viewer = ann) => decide(database.store, viewer, requestId, 'APPROVED')

describe('where the policy needs approval, an extension needs it again', () => {
  it('and the grant keeps its end until then', async () => {
    const { grantId, requestId, before } = await waiting('web', { justification: 'still busy' })
    expect(await grantOf(database.store, grantId)).toEqual(before)
    expect(await outcome(requestId)).toMatchObject({ status: 'PENDING_APPROVAL', done: false })
    expect(await awaitedFor(database.store, requestId)).toEqual(['USER ann', 'USER bob'])
    expect(await storyOf(database.store, grantId)).toEqual(expect.not.arrayContaining(['GrantExtended']))
  })

  it('so that its window is counted from the approval', async () => {
    const { grantId, requestId } = await waiting()
    await database.advance(5 * minute)
    expect(await approve(requestId)).toMatchObject({ counted: true, userErrors: [] })
    const { status, left, done } = await outcome(requestId)
    expect([status, done]).toEqual(['APPROVED', true])
    expect(left).toBeGreaterThan(1_780)
    expect(left).toBeLessThanOrEqual(1_800)
    expect(await storyOfRequest(database.store, requestId)).toEqual([
      'AccessRequested',
      'ApprovalDecided',
      'RequestApproved',
      'GrantExtended',
    ])
    expect((await storyOf(database.store, grantId)).at(-1)).toBe('GrantExtended')
    expect(await awaitedFor(database.store, requestId)).toEqual([])
  })

  it('or ends at the moment that was asked for', async () => {
    const endsAt = new Date(Date.now() + 90 * minute)
    const { grantId, requestId } = await waiting('web', { durationSeconds: null, endsAt })
    await approve(requestId)
    expect((await grantOf(database.store, grantId)).ends_at).toEqual(endsAt)
  })

  it('by as many approvers', async () => {
    const { requestId } = await waiting('two')
    await approve(requestId, ann)
    expect(await outcome(requestId)).toMatchObject({ status: 'PENDING_APPROVAL', done: false })
    await approve(requestId, bob)
    expect(await outcome(requestId)).toMatchObject({ status: 'APPROVED', done: true })
  })

  it('but only one extension can wait', async () => {
    const { grantId, requestId } = await waiting()
    expect(told((await extend(grantId)).userErrors)).toEqual(['CONFLICT at grantId'])
    await withdrawRequest({ store: database.store, viewer: requester }, { requestId })
    expect((await extend(grantId)).userErrors).toEqual([])
  })

  it('and approvers are shown what is to stay open', async () => {
    const { requestId } = await waiting('web', { justification: 'still busy' })
    const { request } = await ask<any>(
      database.store,
      ann,
      `query ($id: ID!) { request(id: $id) {
        kind justification viewerCanDecide extension { duration previousEndsAt }
        ports(first: 5) { totalCount nodes { port duration state approvalsNeeded awaitsViewer virtualMachineName } } } }`,
      { id: globalId('Request', requestId) },
    )
    expect(request).toEqual({
      kind: 'EXTENSION',
      justification: 'still busy',
      viewerCanDecide: true,
      extension: { duration: 'PT30M', previousEndsAt: expect.any(String) },
      ports: {
        totalCount: 1,
        nodes: [
          {
            port: 22,
            duration: 'PT30M',
            state: 'ACTIVE',
            approvalsNeeded: 1,
            awaitsViewer: true,
            virtualMachineName: 'web',
          },
        ],
      },
    })
  })
})

describe('an extension that waits', () => {
  it('changes nothing when it is denied or withdrawn', async () => {
    for (const end of ['DENIED', 'WITHDRAWN'] as const) {
      const { grantId, requestId, before } = await waiting()
      if (end === 'DENIED') await decide(database.store, ann, requestId, 'DENIED')
      else await withdrawRequest({ store: database.store, viewer: requester }, { requestId })
      expect(await outcome(requestId)).toMatchObject({ status: end, done: false })
      expect(await grantOf(database.store, grantId)).toEqual(before)
    }
  })

  it('lapses with the end of the grant at the latest', async () => {
    const { grantId, requestId } = await waiting()
    await database.advance(10 * minute)
    await database.store.db.transaction((tx) => endExpiredGrants(tx, 100, gatewayActor))
    await lapseOverdue(database.store, 100)
    expect(await outcome(requestId)).toMatchObject({ status: 'LAPSED', done: false })
    expect(await grantOf(database.store, grantId)).toMatchObject({ state: 'CLOSING', end_reason: 'TIME_UP' })
    expect(await approve(requestId)).toMatchObject({ counted: false })
  })

  it('cannot be approved once the end has passed, though nobody has closed the grant yet', async () => {
    const { grantId, requestId } = await waiting()
    await database.store.pool.query('update grants set ends_at = gateway_now() where id = $1', [grantId])
    await approve(requestId)
    expect(await outcome(requestId)).toMatchObject({ status: 'LAPSED', done: false })
    expect(await lapsedBecause(requestId)).toEqual(['The grant had ended by then.'])
  })

  it.each<[string, (grantId: string) => Promise<unknown>]>([
    [
      'its holder releases the grant',
      (grantId) => releaseGrant({ store: database.store, viewer: requester }, { grantId }),
    ],
    [
      'the machine is locked down',
      async () => {
        const context = { store: database.store, viewer: operator }
        const { id } = await lockDown(context, { scope: vmId('web'), reason: 'intrusion' })
        await liftLockDown(context, { lockdownId: id ?? '' })
      },
    ],
  ])('lapses when %s', async (_what, end) => {
    const { grantId, requestId } = await waiting()
    await end(grantId)
    expect(await outcome(requestId)).toMatchObject({ status: 'LAPSED', done: false })
    expect(await awaitedFor(database.store, requestId)).toEqual([])
    expect((await storyOf(database.store, grantId)).filter((kind) => kind === 'GrantClosing')).toHaveLength(1)
  })

  it('lapses when JIT is disabled', async () => {
    await protectOn(database.store, 'old', { approvalRule: rule(1, user('ann')) })
    const { requestId } = await waiting('old')
    await disableJit({ store: database.store, viewer: admin }, { vmIds: [vmId('old')] })
    expect(await outcome(requestId)).toMatchObject({ status: 'LAPSED', done: false })
  })

  it('is judged by the policy as it is when it is approved', async () => {
    const { grantId, requestId, before } = await waiting()
    const context = { store: database.store, viewer: admin }
    await updatePolicy(context, { policyIds: [policyId], setPorts: [{ port: 22, maximumDurationSeconds: 900 }] })
    await approve(requestId)
    expect(await outcome(requestId)).toMatchObject({ status: 'LAPSED', done: false })
    expect(await lapsedBecause(requestId)).toEqual(['The policy of port 22/TCP allows at most PT15M.'])
    expect(await grantOf(database.store, grantId)).toEqual(before)
    await updatePolicy(context, { policyIds: [policyId], setPorts: [{ port: 22 }] })
  })

  it('takes effect when the policy asks for no approval any more', async () => {
    const { requestId } = await waiting()
    const context = { store: database.store, viewer: admin }
    await updatePolicy(context, { policyIds: [policyId], approvalRule: { approvalsNeeded: 0 } })
    await settleWaiting(database.store, 10)
    expect(await outcome(requestId)).toMatchObject({ status: 'APPROVED', done: true })
    await updatePolicy(context, { policyIds: [policyId], approvalRule: rule(1, user('ann'), user('bob')) })
  })

  it('waits for those whom the policy names now', async () => {
    const { requestId } = await waiting()
    const context = { store: database.store, viewer: admin }
    await updatePolicy(context, { policyIds: [policyId], approvalRule: rule(1, user('cas')) })
    expect(await awaitedFor(database.store, requestId)).toEqual(['USER cas'])
    await updatePolicy(context, { policyIds: [policyId], approvalRule: rule(1, user('ann'), user('bob')) })
    await approve(requestId)
    expect(await outcome(requestId)).toMatchObject({ status: 'APPROVED', done: true })
  })

  it('of its approval and the end of the window one comes first, at whichever statement the end passes', async () => {
    const seen = new Set<boolean>()
    for (let cut = 0; cut < 24; cut += 1) {
      const { grantId, requestId } = await waiting()
      await database.store.pool.query(`update grants set ends_at = gateway_now() + interval '1 second' where id = $1`, [
        grantId,
      ])
      const picks = [...Array<number>(cut).fill(0), 2, 2, 1, 1, ...Array<number>(24).fill(0)]
      const [approved, ended] = await interleave(
        database.store,
        picks,
        (store) => decide(store, ann, requestId, 'APPROVED'),
        (store) => store.db.transaction((tx) => endExpiredGrants(tx, 100, gatewayActor)),
        (store: Store) =>
          store.db.transaction(async (tx) => {
            await tx.execute('select 1')
            await database.advance(2_000)
          }),
      )
      expect([approved, ended].filter((one) => 'error' in one)).toEqual([])
      await database.store.db.transaction((tx) => endExpiredGrants(tx, 100, gatewayActor))
      const { done } = await outcome(requestId)
      seen.add(done)
      expect((await grantOf(database.store, grantId)).state).toBe(done ? 'ACTIVE' : 'CLOSING')
      const closings = (await storyOf(database.store, grantId)).filter((kind) => kind === 'GrantClosing')
      expect(closings).toHaveLength(done ? 0 : 1)
    }
    expect(seen).toEqual(new Set([true, false]))
  }, 60_000)
})
