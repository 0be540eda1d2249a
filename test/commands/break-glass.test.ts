import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { actions } from '../../src/access/role.ts'
import { extendGrant } from '../../src/commands/extend-grant.ts'
import { liftLockDown } from '../../src/commands/lift-lock-down.ts'
import { lockDown } from '../../src/commands/lock-down.ts'
import { requestAccess, type RequestAccessInput } from '../../src/commands/request-access.ts'
import { reviewBreakGlass } from '../../src/commands/review-break-glass.ts'
import type { Viewer } from '../../src/access/viewer.ts'
import type { Store } from '../../src/store/store.ts'
import { useDatabase } from '../support/database.ts'
import {
  account,
  admin,
  group,
  home,
  nobody,
  operator,
  otherGroup,
  person,
  protect,
  reader,
  requester,
  vmId,
} from './support/estate.ts'
import { interleave, orders } from './support/every-interleaving.ts'
import { endOfLog, everything, factsAfter, grantOf, rows, told } from './support/look.ts'

const database = useDatabase()
const target = (name: string, inside = group) => ({ vmId: vmId(name, inside), ports: [{ port: 22 }] })
const breakGlass = (input: Partial<RequestAccessInput> = {}, viewer = operator) =>
  requestAccess(
    { store: database.store, viewer },
    { targets: [target('web')], sources: [home], justification: 'the site is down', breakGlass: true, ...input },
  )
const review = (requestId: string | null, viewer = admin, note = 'was needed') =>
  reviewBreakGlass({ store: database.store, viewer }, { requestId: requestId ?? nobody, note })
const uses = (requestId: string | null) =>
  rows(database.store, 'select * from break_glass_uses where request_id = $1', [requestId])

beforeAll(async () => {
  await protect(database.store, 'web', [
    { port: 22, maximumDurationSeconds: 3_600, allowedSources: ['203.0.113.0/24'] },
  ])
  await protect(database.store, 'db')
  await protect(database.store, 'vault', [{ port: 22 }], { group: otherGroup })
})

describe('break-glass', () => {
  it('opens at once, says so loudly at each machine, and is to be reviewed', async () => {
    const { store } = database
    const end = await endOfLog(store)
    const answer = await breakGlass({ targets: [target('web'), target('vault', otherGroup)] })
    expect(answer.userErrors).toEqual([])
    for (const id of answer.grantIds)
      expect(await grantOf(store, id)).toMatchObject({ state: 'OPENING', break_glass: true })
    const facts = await factsAfter(store, end)
    const about = { actor_id: 'olga', requester_id: 'olga', request_id: answer.requestId, account_id: account }
    const detail = { justification: 'the site is down', past: [], note: null }
    expect(facts.filter(({ kind }) => kind === 'BreakGlassUsed')).toMatchObject([
      { ...about, resource_group_id: otherGroup, vm_id: vmId('vault', otherGroup), detail },
      { ...about, resource_group_id: group, vm_id: vmId('web'), detail },
    ])
    expect(facts.filter(({ kind }) => kind === 'GrantOpening')).toMatchObject([
      { detail: { breakGlass: true } },
      { detail: { breakGlass: true } },
    ])
    expect(await uses(answer.requestId)).toMatchObject([{ used_by_id: 'olga', reviewed_at: null }])
  })

  it('leaves other requests as they are', async () => {
    const { grantIds, requestId } = await breakGlass({ breakGlass: false, justification: null })
    expect(await grantOf(database.store, grantIds[0] ?? '')).toMatchObject({ break_glass: false })
    expect(await uses(requestId)).toEqual([])
  })

  it.each<[string, Partial<RequestAccessInput>, string[]]>([
    ['ports', { targets: [{ vmId: vmId('web'), ports: [{ port: 23 }] }] }, ['PORT']],
    ['sources', { sources: ['198.51.100.1'] }, ['SOURCE']],
    ['durations', { durationSeconds: 3_601 }, ['DURATION']],
  ])('never goes past the %s of the policy', async (_what, input, constraints) => {
    const before = await everything(database.store)
    const { requestId, userErrors } = await breakGlass(input)
    expect(requestId).toBeNull()
    expect(userErrors.map((error) => ('constraint' in error ? error.constraint : error.code))).toEqual(constraints)
    expect(await everything(database.store)).toEqual(before)
  })

  it.each([null, '', '  '])('needs a justification; %j is none', async (justification) => {
    expect(told((await breakGlass({ justification })).userErrors)).toEqual(['INVALID_INPUT at justification'])
  })

  it('is for whoever has the right to it at the machine', async () => {
    const error = { code: 'NOT_PERMITTED', action: actions.breakGlass, field: ['targets', '0', 'virtualMachine'] }
    expect((await breakGlass({}, requester)).userErrors).toMatchObject([error])
    expect((await breakGlass({}, person('olaf', 'OPERATOR', vmId('db')))).userErrors).toMatchObject([
      { code: 'NOT_FOUND' },
    ])
    expect((await breakGlass({}, person('olaf', 'OPERATOR', vmId('web')))).userErrors).toEqual([])
  })

  it('opens past a lockdown what cannot be extended there, until it is lifted', async () => {
    const { store } = database
    const context = { store, viewer: operator }
    const { id } = await lockDown(context, { scope: vmId('db'), reason: 'a drill' })
    const { grantIds } = await breakGlass({ targets: [target('db')], durationSeconds: 600 })
    const [grantId = ''] = grantIds
    await store.pool.query(
      `update grants set state = 'ACTIVE', activated_at = gateway_now(), ends_at = gateway_now() + interval '10 minutes'
       where id = $1`,
      [grantId],
    )
    const extend = () => extendGrant(context, { grantId, durationSeconds: 1_200 })
    expect((await extend()).userErrors).toMatchObject([{ code: 'LOCKED_DOWN', scope: vmId('db'), field: ['grantId'] }])
    await liftLockDown(context, { lockdownId: id ?? '' })
    expect((await extend()).userErrors).toEqual([])
  })

  it('goes past a lockdown for whoever may lift it, and says so', async () => {
    const context = { store: database.store, viewer: operator }
    const { id } = await lockDown(context, { scope: group, reason: 'a drill' })
    const local = person('olaf', 'OPERATOR', vmId('web'))
    expect((await breakGlass({}, local)).userErrors).toMatchObject([{ code: 'LOCKED_DOWN', scope: group }])
    expect((await breakGlass({ breakGlass: false })).userErrors).toMatchObject([{ code: 'LOCKED_DOWN' }])
    const { requestId, userErrors } = await breakGlass()
    expect(userErrors).toEqual([])
    expect(
      await rows(database.store, 'select past::text from break_glass_uses where request_id = $1', [requestId]),
    ).toEqual([{ past: '{LOCKDOWN}' }])
    const again = await lockDown(context, { scope: group, reason: 'again' })
    expect(again).toMatchObject({ id, grantsEnded: 1 })
    await liftLockDown(context, { lockdownId: id ?? '' })
  })
})

describe('a review', () => {
  it('says what was found, once, and takes the use off the list', async () => {
    const { requestId } = await breakGlass()
    const end = await endOfLog(database.store)
    expect(await review(requestId, admin, ' was needed ')).toEqual({ id: requestId, userErrors: [] })
    expect(await uses(requestId)).toMatchObject([{ reviewed_by_id: 'ada', note: 'was needed' }])
    expect(await factsAfter(database.store, end)).toMatchObject([
      {
        kind: 'BreakGlassReviewed',
        actor_id: 'ada',
        requester_id: 'olga',
        vm_id: vmId('web'),
        detail: { justification: 'the site is down', note: 'was needed' },
      },
    ])
    const before = await everything(database.store)
    expect(told((await review(requestId, person('olaf', 'OPERATOR'))).userErrors)).toEqual(['CONFLICT at requestId'])
    expect(await everything(database.store)).toEqual(before)
  })

  it('is never made by whoever used it, whatever roles they hold', async () => {
    const { requestId } = await breakGlass()
    for (const viewer of [operator, person('olga', 'POLICY_ADMIN')])
      expect((await review(requestId, viewer)).userErrors).toMatchObject([
        { code: 'NOT_PERMITTED', action: actions.reviewBreakGlass },
      ])
    await expect(
      database.store.pool.query(
        `update break_glass_uses set reviewed_at = gateway_now(), reviewed_by_kind = 'PERSON', reviewed_by_id = 'olga',
           reviewed_by_name = 'olga', note = 'fine' where request_id = $1`,
        [requestId],
      ),
    ).rejects.toMatchObject({ constraint: 'break_glass_uses_reviewed_by_another' })
  })

  it('needs the right at every machine of the request', async () => {
    const { requestId } = await breakGlass({ targets: [target('web'), target('vault', otherGroup)] })
    expect((await review(requestId, reader)).userErrors).toMatchObject([{ code: 'NOT_PERMITTED' }])
    expect((await review(requestId, person('olaf', 'OPERATOR', group))).userErrors).toMatchObject([
      { code: 'NOT_PERMITTED' },
    ])
    for (const viewer of [requester, person('sam')])
      expect(await review(requestId, viewer)).toEqual(await review(nobody, viewer))
    expect((await review(requestId, person('olaf', 'OPERATOR'))).userErrors).toEqual([])
  })

  it.each([
    ['no note', ' ', 'INVALID_INPUT at note'],
    ['1001 characters', 'n'.repeat(1_001), 'LIMIT_EXCEEDED at note'],
  ])('is refused with %s', async (_what, note, error) => {
    const { requestId } = await breakGlass()
    expect(told((await review(requestId, admin, note)).userErrors)).toEqual([error])
    expect(await uses(requestId)).toMatchObject([{ reviewed_at: null }])
  })

  it('is of break-glass only', async () => {
    const { requestId } = await breakGlass({ breakGlass: false })
    expect(told((await review(requestId)).userErrors)).toEqual(['NOT_FOUND at requestId'])
  })

  it(
    'of two at the same time one counts, however their statements follow each other',
    { timeout: 60_000 },
    async () => {
      const winners = new Set<unknown>()
      await fc.assert(
        fc.asyncProperty(orders, async (picks) => {
          const { requestId } = await breakGlass()
          const reviewers = [admin, person('olaf', 'OPERATOR')]
          const reviewAs = (place: 0 | 1) => (store: Store) => {
            const viewer = reviewers[place] as Viewer
            return reviewBreakGlass({ store, viewer }, { requestId: requestId ?? '', note: viewer.actor.id })
          }
          const settled = await interleave(database.store, picks, reviewAs(0), reviewAs(1))
          const answers = settled.map((one) => ('value' in one ? (one.value.userErrors[0]?.code ?? 'DONE') : one.error))
          expect(new Set(answers)).toEqual(new Set(['CONFLICT', 'DONE']))
          const winner = reviewers[answers.indexOf('DONE')]?.actor.id
          winners.add(winner)
          expect(await uses(requestId)).toMatchObject([{ reviewed_by_id: winner, note: winner }])
          const facts = await rows(
            database.store,
            `select 1 from activities where request_id = $1 and kind = 'BreakGlassReviewed'`,
            [requestId],
          )
          expect(facts).toHaveLength(1)
        }),
        { numRuns: 30 },
      )
      expect(winners.size).toBe(2)
    },
  )
})
