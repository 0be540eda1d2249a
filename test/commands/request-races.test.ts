import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { disableJit } from '../../src/commands/disable-jit.ts'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { lapseOverdue } from '../../src/commands/lapse-requests.ts'
import { releaseGrant } from '../../src/commands/release-grant.ts'
import { revokeGrant } from '../../src/commands/revoke-grant.ts'
import { settleWaiting } from '../../src/commands/settle-waiting.ts'
import { startScheduled } from '../../src/commands/start-scheduled.ts'
import { updatePolicy } from '../../src/commands/update-policy.ts'
import { withdrawRequest } from '../../src/commands/withdraw-request.ts'
import { useDatabase } from '../support/database.ts'
import { ann, askFor, bob, cas, decide, outcomeOf, protectOn, rule, storyOfRequest, user } from './support/approvals.ts'
import { admin, operator, protect, requester, vmId } from './support/estate.ts'
import { beginByHand, waiting } from './support/interleave.ts'
import { rows, storyOf } from './support/look.ts'

const database = useDatabase()
const twoOfThree = rule(2, user('ann'), user('bob'), user('cas'))

/** What is asked for in a run, and by which policies. */
interface Asked {
  readonly requestId: string
  readonly grantIds: readonly string[]
  readonly policyIds: readonly string[]
  readonly names: readonly string[]
}

/** All that can meet on a request. Each takes part at once with the others, and none may fail. */
const acts = {
  'ann approves': ({ requestId }: Asked) => decide(database.store, ann, requestId, 'APPROVED'),
  'bob approves': ({ requestId }: Asked) => decide(database.store, bob, requestId, 'APPROVED'),
  'cas approves': ({ requestId }: Asked) => decide(database.store, cas, requestId, 'APPROVED'),
  'cas denies': ({ requestId }: Asked) => decide(database.store, cas, requestId, 'DENIED'),
  'its requester withdraws it': ({ requestId }: Asked) =>
    withdrawRequest({ store: database.store, viewer: requester }, { requestId }),
  'its time is over': async ({ requestId }: Asked) => {
    await database.store.pool.query(
      `update requests set decide_by = gateway_now(), look_at = gateway_now() where id = $1 and status = 'PENDING_APPROVAL'`,
      [requestId],
    )
    await lapseOverdue(database.store, 100)
  },
  'its beginning has come': async ({ grantIds }: Asked) => {
    await database.store.pool.query(
      `update grants g set starts_at = gateway_now() from (
         select id from grants where id = any($1) and state in ('PENDING_APPROVAL', 'SCHEDULED')
         order by id for no key update) w where g.id = w.id`,
      [grantIds],
    )
    await startScheduled(database.store, 100)
  },
  'a grant is revoked': ({ grantIds: [grantId = ''] }: Asked) =>
    revokeGrant({ store: database.store, viewer: operator }, { grantId }),
  'a grant is released': ({ grantIds }: Asked) =>
    releaseGrant({ store: database.store, viewer: requester }, { grantId: grantIds.at(-1) ?? '' }),
  'JIT is disabled on one of its machines': ({ names: [name = ''] }: Asked) =>
    disableJit({ store: database.store, viewer: admin }, { vmIds: [vmId(name)] }),
  'its policies ask for one approval less': ({ policyIds }: Asked) =>
    updatePolicy(
      { store: database.store, viewer: admin },
      { policyIds, approvalRule: rule(1, user('ann'), user('bob'), user('cas')) },
    ),
  'the gateway looks again': () => settleWaiting(database.store, 100),
} satisfies Record<string, (asked: Asked) => Promise<unknown>>
const names = Object.keys(acts) as (keyof typeof acts)[]

const decisive = ['RequestApproved', 'RequestDenied', 'RequestLapsed', 'RequestWithdrawn']
const ends = ['GrantClosed', 'GrantOpenFailed']

/** What holds of a request whatever met on it. */
async function checkOne({ requestId, grantIds }: Asked): Promise<void> {
  const { store } = database
  const { status, grants } = await outcomeOf(store, requestId)
  const told = (await storyOfRequest(store, requestId)).filter((kind) => decisive.includes(kind))
  // One winner. What was approved may be withdrawn until it begins, and is told to be.
  const expected: Record<string, string[]> = {
    PENDING_APPROVAL: [],
    APPROVED: ['RequestApproved'],
    DENIED: ['RequestDenied'],
    LAPSED: ['RequestLapsed'],
    WITHDRAWN: told.length === 2 ? ['RequestApproved', 'RequestWithdrawn'] : ['RequestWithdrawn'],
  }
  expect(told).toEqual(expected[status])

  for (const grantId of grantIds) {
    const story = await storyOf(store, grantId)
    const [{ state } = { state: '' }] = await rows<{ state: string }>(store, 'select state from grants where id = $1', [
      grantId,
    ])
    expect(story[0]).toBe('GrantRequested')
    expect(story.filter((kind) => kind === 'GrantRequested' || kind === 'GrantOpening').length).toBeLessThanOrEqual(2)
    expect(story.filter((kind) => ends.includes(kind))).toHaveLength(state === 'CLOSED' ? 1 : 0)
    // Nothing is opened that was not approved.
    if (story.includes('GrantOpening')) expect(told[0]).toBe('RequestApproved')
    const last: Record<string, string> = {
      PENDING_APPROVAL: 'GrantRequested',
      SCHEDULED: 'GrantScheduled',
      OPENING: 'GrantOpening',
      CLOSING: 'GrantClosing',
      CLOSED: 'GrantClosed',
    }
    expect(story.at(-1)).toBe(last[state])
  }
  if (status === 'PENDING_APPROVAL') expect(grants.some((grant) => grant === 'PENDING_APPROVAL')).toBe(true)
  else expect(grants.some((grant) => grant === 'PENDING_APPROVAL')).toBe(false)
  if (status === 'DENIED' || status === 'LAPSED') expect(grants.every((grant) => grant.startsWith('CLOSED'))).toBe(true)
  if (status !== 'PENDING_APPROVAL')
    expect(await rows(store, 'select 1 from awaited_approvals where request_id = $1', [requestId])).toEqual([])
  const lacking = await rows(
    store,
    `select 1 from grants g where g.request_id = $1 and g.state in ('OPENING', 'CLOSING') and g.approvals_needed > (
       select count(*) from request_decisions d
       where d.request_id = g.request_id and d.verdict = 'APPROVED' and g.id = any(d.grant_ids))`,
    [requestId],
  )
  expect(lacking).toEqual([])
}

describe('whatever meets on a request', () => {
  beforeAll(async () => {
    // Statements that take a moment leave the others time to come between.
    await database.store.pool.query(`
      create function linger() returns trigger language plpgsql as $$
      begin perform pg_sleep(random() * 0.004); return coalesce(new, old); end $$;
      create trigger linger before update on requests for each row execute function linger();
      create trigger linger before update on grants for each row execute function linger();
      create trigger linger before insert on activities for each row execute function linger();
      create trigger linger before insert on request_decisions for each row execute function linger();
      create trigger linger before update on policies for each row execute function linger();`)
  })

  it('has one winner and one end, and nothing fails or waits for ever', async () => {
    let run = 0
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(names, { minLength: 2, maxLength: 6 }),
        fc.boolean(),
        fc.array(fc.nat({ max: 6 }), { minLength: 6, maxLength: 6 }),
        async (chosen, scheduled, delays) => {
          run += 1
          const machines = [`race-${run}-a`, `race-${run}-b`]
          const policyIds: string[] = []
          for (const name of machines)
            policyIds.push(await protectOn(database.store, name, { approvalRule: twoOfThree }))
          const startsAt = scheduled ? new Date(Date.now() + 3_600_000) : null
          const asked = { ...(await askFor(database.store, machines, { startsAt })), policyIds, names: machines }
          await Promise.all(
            chosen.map(async (name, place) => {
              await database.store.pool.query('select pg_sleep($1)', [(delays[place] ?? 0) / 1_000])
              await acts[name](asked)
            }),
          )
          await checkOne(asked)
          // Whoever was held up by a lock that another held looks again; nothing is left over by it.
          await settleWaiting(database.store, 100)
          await checkOne(asked)
          seen.add((await outcomeOf(database.store, asked.requestId)).status)
        },
      ),
      { numRuns: 50 },
    )
    expect([...seen].toSorted()).toEqual(['APPROVED', 'DENIED', 'LAPSED', 'PENDING_APPROVAL', 'WITHDRAWN'])
  }, 120_000)
})

describe('of two that meet, the first one wins', () => {
  beforeAll(async () => {
    await protectOn(database.store, 'one', { approvalRule: rule(1, user('ann'), user('bob')) })
    await protect(database.store, 'free')
  })
  const approve = (requestId: string) => decide(database.store, ann, requestId, 'APPROVED')
  const approveToo = (requestId: string) => decide(database.store, bob, requestId, 'APPROVED')
  const deny = (requestId: string) => decide(database.store, bob, requestId, 'DENIED')
  const withdraw = (requestId: string) => withdrawRequest({ store: database.store, viewer: requester }, { requestId })

  /** Holds the request while one after the other comes to wait for it, then lets them go. */
  async function meet(requestId: string, ...all: ((requestId: string) => Promise<unknown>)[]) {
    const byHand = await beginByHand(database.store)
    await byHand.query('select 1 from requests where id = $1 for update', [requestId])
    const running: Promise<unknown>[] = []
    for (const act of all) {
      running.push(act(requestId))
      await waiting(database.store, running.length)
    }
    await byHand.query('commit')
    return Promise.all(running)
  }

  it.each([
    ['an approval, a withdrawal', approve, withdraw, 'APPROVED', ['OPENING']],
    ['a withdrawal, an approval', withdraw, approve, 'WITHDRAWN', ['CLOSED WITHDRAWN']],
    ['an approval, a denial', approve, deny, 'APPROVED', ['OPENING']],
    ['a denial, an approval', deny, approve, 'DENIED', ['CLOSED DENIED']],
    ['an approval, another', approve, approveToo, 'APPROVED', ['OPENING']],
  ] as const)('%s', async (_what, first, second, status, grants) => {
    const { requestId, grantIds } = await askFor(database.store, 'one')
    const answers = await meet(requestId, first, second)
    expect(await outcomeOf(database.store, requestId)).toEqual({ status, grants })
    expect(answers[0]).toMatchObject({ id: requestId, userErrors: [] })
    const told = (await storyOfRequest(database.store, requestId)).filter((kind) => decisive.includes(kind))
    expect(told).toHaveLength(1)
    expect((await storyOf(database.store, grantIds[0] ?? '')).length).toBe(2)
  })

  it('an approval that waits until the time is over has come too late', async () => {
    const { requestId } = await askFor(database.store, 'one')
    const byHand = await beginByHand(database.store)
    await byHand.query('select 1 from requests where id = $1 for update', [requestId])
    const approved = approve(requestId)
    await waiting(database.store)
    await byHand.query('update requests set decide_by = gateway_now(), look_at = gateway_now() where id = $1', [
      requestId,
    ])
    await byHand.query('commit')
    expect(await approved).toMatchObject({ counted: false, userErrors: [] })
    expect(await outcomeOf(database.store, requestId)).toEqual({ status: 'LAPSED', grants: ['CLOSED LAPSED'] })
  })

  it('JIT disabled while an approval is under way ends what it opens, and an approval after it opens nothing', async () => {
    const [before, after] = [await askFor(database.store, 'one'), await askFor(database.store, 'one')]
    // Holds the request of the first approval, which holds the policy: disabling waits for it.
    const byHand = await beginByHand(database.store)
    await byHand.query('select 1 from requests where id = $1 for update', [before.requestId])
    const approved = approve(before.requestId)
    await waiting(database.store)
    const disabled = disableJit({ store: database.store, viewer: admin }, { vmIds: [vmId('one')] })
    await waiting(database.store, 2)
    await byHand.query('commit')
    await Promise.all([approved, disabled])
    expect(await approve(after.requestId)).toMatchObject({ id: null, userErrors: [{ code: 'NOT_FOUND' }] })
    expect(await outcomeOf(database.store, before.requestId)).toEqual({
      status: 'APPROVED',
      grants: ['CLOSING POLICY_CHANGED'],
    })
    expect(await outcomeOf(database.store, after.requestId)).toEqual({
      status: 'LAPSED',
      grants: ['CLOSED POLICY_CHANGED'],
    })
    await enableJit(
      { store: database.store, viewer: admin },
      { vmIds: [vmId('one')], approvalRule: rule(1, user('ann'), user('bob')) },
    )
  })

  it('a scheduled grant that is being revoked or withdrawn is left alone by its beginning, and the other way round', async () => {
    const startsAt = new Date(Date.now() + 60_000)
    const asked = await Promise.all([0, 1, 2].map(() => askFor(database.store, 'free', { startsAt })))
    const [revoked, withdrawn, opened] = asked as [Asked, Asked, Asked]
    await database.advance(60_000)
    const byHand = await beginByHand(database.store)
    await byHand.query('select 1 from grants where id = any($1) for no key update', [
      [revoked.grantIds[0], withdrawn.grantIds[0]],
    ])
    const revoking = revokeGrant({ store: database.store, viewer: operator }, { grantId: revoked.grantIds[0] ?? '' })
    const withdrawing = withdraw(withdrawn.requestId)
    await waiting(database.store, 2)
    // It comes by while both are held, and takes what nobody holds.
    expect(await startScheduled(database.store, 100)).toBe(1)
    await byHand.query('commit')
    await Promise.all([revoking, withdrawing])
    expect(await startScheduled(database.store, 100)).toBe(0)
    expect(await outcomeOf(database.store, revoked.requestId)).toMatchObject({ grants: ['CLOSED REVOKED'] })
    expect(await outcomeOf(database.store, withdrawn.requestId)).toEqual({
      status: 'WITHDRAWN',
      grants: ['CLOSED WITHDRAWN'],
    })
    expect(await outcomeOf(database.store, opened.requestId)).toMatchObject({ grants: ['OPENING'] })
    expect(await withdraw(opened.requestId)).toMatchObject({ userErrors: [{ code: 'CONFLICT' }] })
    await revokeGrant({ store: database.store, viewer: operator }, { grantId: opened.grantIds[0] ?? '' })
    expect(await storyOf(database.store, opened.grantIds[0] ?? '')).toEqual([
      'GrantScheduled',
      'GrantOpening',
      'GrantClosing',
    ])
  })
})
