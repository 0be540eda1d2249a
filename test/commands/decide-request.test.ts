import { beforeAll, describe, expect, it } from 'vitest'
import { actions } from '../../src/access/role.ts'
import { assignRole } from '../../src/commands/assign-role.ts'
import { createCustomRole } from '../../src/commands/create-custom-role.ts'
import { disableJit } from '../../src/commands/disable-jit.ts'
import { settleWaiting } from '../../src/commands/settle-waiting.ts'
import { updatePolicy } from '../../src/commands/update-policy.ts'
import { useDatabase } from '../support/database.ts'
import {
  ann,
  askFor,
  awaitedFor,
  bob,
  byRole,
  cas,
  decide,
  inGroup,
  outcomeOf,
  protectOn,
  rule,
  storyOfRequest,
  user,
} from './support/approvals.ts'
import {
  admin,
  boundaryId,
  group,
  nobody,
  operator,
  otherGroup,
  person,
  protect,
  reader,
  requester,
  stranger,
  vmId,
} from './support/estate.ts'
import { dueOf, endOfLog, everything, factsAfter, grantOf, rows, storyOf, told } from './support/look.ts'

const database = useDatabase()
const yes = (viewer: typeof ann, requestId: string) => decide(database.store, viewer, requestId, 'APPROVED')
const no = (viewer: typeof ann, requestId: string, reason?: string) =>
  decide(database.store, viewer, requestId, 'DENIED', reason)
const ask = (...args: [string | readonly string[], Parameters<typeof askFor>[2]?, Parameters<typeof askFor>[3]?]) =>
  askFor(database.store, ...args)
const outcome = (requestId: string) => outcomeOf(database.store, requestId)
const pending = { status: 'PENDING_APPROVAL', grants: ['PENDING_APPROVAL'] }
const opening = { status: 'APPROVED', grants: ['OPENING'] }

beforeAll(async () => {
  const { store } = database
  await protectOn(store, 'one', { approvalRule: rule(1, user('ann'), user('bob')) })
  await protectOn(store, 'two', { approvalRule: rule(2, user('ann'), user('bob'), user('cas'), user('rob')) })
  await protectOn(store, 'group', { approvalRule: rule(1, inGroup('on-call')) })
  await protectOn(store, 'app', { approvalRule: rule(1, { kind: 'APP_ROLE', id: 'Approver' }) })
  await protectOn(store, 'role', { approvalRule: { approvalsNeeded: 1 } })
  await protect(store, 'free')
})

describe('a request for what needs approval', () => {
  it('waits with its grants, opens nothing, and says for whom it waits', async () => {
    const due = await dueOf(database.store, boundaryId('front'))
    const end = await endOfLog(database.store)
    const { requestId, grantIds } = await ask('two', { justification: 'deploy' })
    expect(await outcome(requestId)).toEqual(pending)
    expect(await awaitedFor(database.store, requestId)).toEqual(['USER ann', 'USER bob', 'USER cas', 'USER rob'])
    expect(await dueOf(database.store, boundaryId('front'))).toEqual(due)
    expect(await factsAfter(database.store, end)).toMatchObject([
      {
        kind: 'AccessRequested',
        vm_id: vmId('two'),
        requester_id: 'rob',
        detail: {
          status: 'PENDING_APPROVAL',
          justification: 'deploy',
          grants: 1,
          vmIds: [vmId('two')],
          awaited: [
            {
              approvers: [{ kind: 'USER', id: 'ann' }, { id: 'bob' }, { id: 'cas' }, { id: 'rob' }],
              vmIds: [vmId('two')],
            },
          ],
          deciders: [],
        },
      },
      { kind: 'GrantRequested', grant_id: grantIds[0], detail: { state: 'PENDING_APPROVAL', endsAt: null } },
    ])
  })

  it('waits as a whole when only one of its ports needs approval, and is opened as a whole', async () => {
    const { requestId } = await ask(['free', 'one'])
    expect(await outcome(requestId)).toEqual({ ...pending, grants: ['PENDING_APPROVAL', 'PENDING_APPROVAL'] })
    await yes(ann, requestId)
    expect(await outcome(requestId)).toEqual({ ...opening, grants: ['OPENING', 'OPENING'] })
  })

  it('opens for as long as was asked from when it is opened, not from when it was asked for', async () => {
    const { requestId, grantIds } = await ask('one')
    await database.advance(3_600_000)
    await yes(ann, requestId)
    const grant = await grantOf(database.store, grantIds[0] ?? '')
    const [{ now } = { now: new Date(0) }] = await rows<{ now: Date }>(database.store, 'select gateway_now() as now')
    expect(grant).toMatchObject({ state: 'OPENING', duration_seconds: 600, ends_at: null })
    expect(grant.open_by.getTime() - now.getTime()).toBeGreaterThan(590_000)
    expect(grant.latest_end.getTime() - grant.open_by.getTime()).toBe(600_000)
    expect(await dueOf(database.store, boundaryId('front'))).toMatchObject({ urgent: false })
  })

  it('is refused at once when it could never be approved', async () => {
    await protectOn(database.store, 'lonely', { approvalRule: rule(1, user('rob')) })
    await expect(ask('lonely')).rejects.toThrow('names too few approvers beside the requester')
  })
})

describe('an approval', () => {
  it('counts with that of another: the last one that is missing opens', async () => {
    const { requestId, grantIds } = await ask('two')
    expect(await yes(ann, requestId)).toEqual({ id: requestId, counted: true, userErrors: [] })
    expect(await outcome(requestId)).toEqual(pending)
    expect(await yes(bob, requestId)).toMatchObject({ counted: true, userErrors: [] })
    expect(await outcome(requestId)).toEqual(opening)
    expect(await storyOfRequest(database.store, requestId)).toEqual([
      'AccessRequested',
      'GrantRequested',
      'ApprovalDecided',
      'ApprovalDecided',
      'RequestApproved',
      'GrantOpening',
    ])
    expect(await awaitedFor(database.store, requestId)).toEqual([])
    expect(await grantOf(database.store, grantIds[0] ?? '')).toMatchObject({ approvals_needed: 2 })
  })

  it('of the same approver counts once, however often it is said, and saying it again writes nothing', async () => {
    const { requestId } = await ask('two')
    await yes(ann, requestId)
    const before = await everything(database.store)
    expect(await yes(ann, requestId)).toEqual({ id: requestId, counted: true, userErrors: [] })
    expect(await everything(database.store)).toEqual(before)
    expect(await outcome(requestId)).toEqual(pending)
  })

  it('is never that of the requester, be it by name, by group or by role', async () => {
    const requests = [
      { asked: await ask('two'), viewer: requester },
      { asked: await ask('group'), viewer: { ...requester, groups: ['on-call'] } },
      { asked: await ask('role', {}, admin), viewer: admin },
    ]
    for (const { asked, viewer } of requests) {
      const before = await everything(database.store)
      const answer = await yes(viewer, asked.requestId)
      expect(answer).toMatchObject({ id: null, counted: false })
      expect(told(answer.userErrors)).toEqual(['NOT_PERMITTED at requestId'])
      expect(answer.userErrors[0]?.message).toMatch(/themselves/)
      expect(await everything(database.store)).toEqual(before)
    }
  })

  it('may come from whoever is in a group, has an app role, or has a role at the machine', async () => {
    const ofGroup = await ask('group')
    expect(told((await yes(person('gil'), ofGroup.requestId)).userErrors)).toEqual(['NOT_FOUND at requestId'])
    await yes({ ...person('gil'), groups: ['others', 'on-call'] }, ofGroup.requestId)
    const ofApp = await ask('app')
    await yes({ ...person('gil'), appRoles: ['Approver'] }, ofApp.requestId)
    const ofRole = await ask('role')
    expect(told((await yes(operator, ofRole.requestId)).userErrors)).toEqual(['NOT_PERMITTED at requestId'])
    const elsewhere = person('eve', 'POLICY_ADMIN', otherGroup)
    expect(told((await yes(elsewhere, ofRole.requestId)).userErrors)).toEqual(['NOT_FOUND at requestId'])
    await yes(person('pat', 'POLICY_ADMIN', group), ofRole.requestId)
    for (const { requestId } of [ofGroup, ofApp, ofRole]) expect(await outcome(requestId)).toEqual(opening)
  })

  it('is judged by what the approver is at that moment, not by what it was when access was asked for', async () => {
    const { requestId } = await ask('group')
    const member = { ...person('gil'), groups: ['on-call'] }
    expect(told((await yes({ ...member, groups: [] }, requestId)).userErrors)).toEqual(['NOT_FOUND at requestId'])
    await yes(member, requestId)
    expect(await outcome(requestId)).toEqual(opening)
  })

  it('of one port does not stand for another: each port needs those of its own rule', async () => {
    const { store } = database
    await protectOn(store, 'left', { approvalRule: rule(1, user('ann'), user('cas')) })
    await protectOn(store, 'right', { approvalRule: rule(1, user('bob'), user('cas')) })
    const both = await ask(['left', 'right'])
    await yes(ann, both.requestId)
    expect(await outcome(both.requestId)).toMatchObject({ status: 'PENDING_APPROVAL' })
    expect(await awaitedFor(store, both.requestId)).toEqual(['USER bob', 'USER cas'])
    await yes(bob, both.requestId)
    expect(await outcome(both.requestId)).toMatchObject({ status: 'APPROVED' })
    const alone = await ask(['left', 'right'])
    await yes(cas, alone.requestId)
    expect(await outcome(alone.requestId)).toMatchObject({ status: 'APPROVED' })
  })

  it('follows the rule of a port where it has one, and none where that says so', async () => {
    const ports = [
      { port: 22, approvalRule: rule(1, user('cas')) },
      { port: 80, approvalRule: { approvalsNeeded: 0 } },
      { port: 443 },
    ]
    await protectOn(database.store, 'ports', { approvalRule: rule(1, user('ann')) }, ports)
    const asked = (port: number) => ask('ports', { targets: [{ vmId: vmId('ports'), ports: [{ port }] }] })
    expect(await awaitedFor(database.store, (await asked(22)).requestId)).toEqual(['USER cas'])
    expect(await outcome((await asked(80)).requestId)).toEqual(opening)
    expect(await awaitedFor(database.store, (await asked(443)).requestId)).toEqual(['USER ann'])
  })
})

describe('a denial', () => {
  it('denies the request whatever others said, and says why', async () => {
    const { requestId, grantIds } = await ask('two')
    await yes(ann, requestId)
    const end = await endOfLog(database.store)
    expect(await no(bob, requestId, '  not today ')).toEqual({ id: requestId, counted: true, userErrors: [] })
    expect(await outcome(requestId)).toEqual({ status: 'DENIED', grants: ['CLOSED DENIED'] })
    expect(await factsAfter(database.store, end)).toMatchObject([
      { kind: 'ApprovalDecided', actor_id: 'bob', detail: { verdict: 'DENIED', reason: 'not today', counted: true } },
      {
        kind: 'RequestDenied',
        actor_id: 'bob',
        detail: { status: 'DENIED', reason: 'not today', deciders: ['ann', 'bob'] },
      },
      { kind: 'GrantClosed', grant_id: grantIds[0], detail: { state: 'CLOSED', endReason: 'DENIED' } },
    ])
  })

  it('may follow an own approval', async () => {
    const { requestId } = await ask('two')
    await yes(ann, requestId)
    await no(ann, requestId)
    expect(await outcome(requestId)).toMatchObject({ status: 'DENIED' })
  })
})

describe('a decision on what was decided', () => {
  it('is put in the log and changes nothing', async () => {
    const { requestId, grantIds } = await ask('one')
    await yes(ann, requestId)
    const end = await endOfLog(database.store)
    expect(await no(bob, requestId, 'too late')).toEqual({ id: requestId, counted: false, userErrors: [] })
    expect(await outcome(requestId)).toEqual(opening)
    expect(await factsAfter(database.store, end)).toMatchObject([
      {
        kind: 'ApprovalDecided',
        actor_id: 'bob',
        detail: { verdict: 'DENIED', reason: 'too late', counted: false, status: 'APPROVED' },
      },
    ])
    expect(await storyOf(database.store, grantIds[0] ?? '')).toEqual(['GrantRequested', 'GrantOpening'])
  })

  it('is no decision of whoever is no approver', async () => {
    const { requestId } = await ask('one')
    await yes(ann, requestId)
    const before = await everything(database.store)
    expect(told((await no(cas, requestId)).userErrors)).toEqual(['NOT_FOUND at requestId'])
    expect(told((await no(reader, requestId)).userErrors)).toEqual(['NOT_PERMITTED at requestId'])
    expect(await everything(database.store)).toEqual(before)
  })
})

describe('whoever decides', () => {
  it('cannot tell a request that is not there from one that is not theirs to know of', async () => {
    const { requestId } = await ask('one')
    const [absent, hidden] = [await yes(stranger, nobody), await yes(stranger, requestId)]
    expect(told(absent.userErrors)).toEqual(['NOT_FOUND at requestId'])
    expect(hidden).toEqual(absent)
  })

  it('gives a reason of at most a thousand characters', async () => {
    const { requestId } = await ask('one')
    expect(told((await no(ann, requestId, 'x'.repeat(1_001))).userErrors)).toEqual(['LIMIT_EXCEEDED at reason'])
    expect(await outcome(requestId)).toEqual(pending)
  })
})

describe('with the last approval the policy is asked again', () => {
  const refusals = async (grantId: string) =>
    (await rows<{ refusals: object[] }>(database.store, 'select refusals from grants where id = $1', [grantId]))[0]
      ?.refusals

  it('and what no longer passes is closed with what failed, while the rest opens', async () => {
    const { store } = database
    const policyId = await protectOn(store, 'shrunk', { approvalRule: rule(1, user('ann')) })
    const { requestId, grantIds } = await ask(['one', 'shrunk'])
    await updatePolicy(
      { store, viewer: admin },
      { policyIds: [policyId], setPorts: [{ port: 22, maximumDurationSeconds: 300 }] },
    )
    const end = await endOfLog(store)
    await yes(ann, requestId)
    expect(await outcome(requestId)).toEqual({ status: 'APPROVED', grants: ['OPENING', 'CLOSED POLICY_CHANGED'] })
    expect(await refusals(grantIds[1] ?? '')).toMatchObject([
      {
        code: 'POLICY_VIOLATION',
        constraint: 'DURATION',
        allowed: ['PT5M'],
        asked: 'PT10M',
        message: expect.any(String),
      },
    ])
    const facts = await factsAfter(store, end)
    expect(facts.filter(({ kind }) => kind === 'GrantClosed')).toMatchObject([
      { detail: { state: 'CLOSED', endReason: 'POLICY_CHANGED', refusals: [{ constraint: 'DURATION' }] } },
    ])
  })

  it('and a machine that is gone since is not opened', async () => {
    await protectOn(database.store, 'ghost', { approvalRule: rule(1, user('ann')) })
    const { requestId, grantIds } = await ask('ghost')
    await database.store.pool.query('update virtual_machines set gone_at = gateway_now() where id = $1', [
      vmId('ghost'),
    ])
    await yes(ann, requestId)
    expect(await outcome(requestId)).toEqual({ status: 'APPROVED', grants: ['CLOSED VM_GONE'] })
    expect(await refusals(grantIds[0] ?? '')).toMatchObject([{ code: 'CONFLICT', constraint: null }])
  })

  it('and a requester who may no longer ask is not let in', async () => {
    const { pool } = database.store
    await pool.query(
      `insert into role_assignments (id, principal_kind, principal_id, role, scope, assigned_at, assigned_by_id)
       values (gen_random_uuid(), 'GROUP', 'temps', 'REQUESTER', '/', gateway_now(), 'ada')`,
    )
    const temp = { ...person('tim', 'REQUESTER'), groups: ['temps'] }
    const [kept, left] = [await ask('one', {}, temp), await ask('one', {}, temp)]
    await yes(ann, kept.requestId)
    await pool.query(`delete from role_assignments where principal_id = 'temps'`)
    await yes(ann, left.requestId)
    expect(await outcome(kept.requestId)).toEqual(opening)
    expect(await outcome(left.requestId)).toEqual({ status: 'APPROVED', grants: ['CLOSED POLICY_CHANGED'] })
    expect(await refusals(left.grantIds[0] ?? '')).toMatchObject([
      { code: 'NOT_PERMITTED', message: 'Its requester may no longer ask for access to this machine.' },
    ])
  })

  it('and a requester whose role that somebody made has ended is not let in, though its row is still there', async () => {
    const { store } = database
    const context = { store, viewer: admin }
    const allowed = [actions.readVirtualMachine, actions.readPolicy, actions.requestAccess]
    const role = (await createCustomRole(context, { name: 'on call', scope: '/', actions: allowed })).id ?? ''
    const [row] = await rows<{ at: Date }>(store, `select gateway_now() + interval '1 hour' as at`)
    const given = { principalKind: 'GROUP', principalId: 'nights', role, scope: '/', endsAt: row?.at ?? null } as const
    expect((await assignRole(context, given)).userErrors).toEqual([])
    const held = { role: { id: role, name: 'on call', actions: allowed }, scope: '/' }
    const night = { ...person('nia'), groups: ['nights'], rolesHeld: [held] }
    const [kept, left] = [await ask('one', {}, night), await ask('one', {}, night)]
    await yes(ann, kept.requestId)
    expect(await outcome(kept.requestId)).toEqual(opening)
    await database.advance(3_600_000)
    expect(await rows(store, `select from role_assignments where principal_id = 'nights'`)).toHaveLength(1)
    await yes(ann, left.requestId)
    expect(await outcome(left.requestId)).toEqual({ status: 'APPROVED', grants: ['CLOSED POLICY_CHANGED'] })
    expect(await refusals(left.grantIds[0] ?? '')).toMatchObject([{ code: 'NOT_PERMITTED' }])
  })
})

describe('while a request waits', () => {
  it('the approvers are those that the policy names now', async () => {
    const { store } = database
    const policyId = await protectOn(store, 'moving', { approvalRule: rule(1, user('ann')) })
    const { requestId } = await ask('moving')
    const change = (approvalRule: ReturnType<typeof rule>) =>
      updatePolicy({ store, viewer: admin }, { policyIds: [policyId], approvalRule })
    await change(rule(2, user('bob'), byRole))
    expect(await awaitedFor(store, requestId)).toEqual(['ROLE', 'USER bob'])
    expect(told((await yes(ann, requestId)).userErrors)).toEqual(['NOT_FOUND at requestId'])
    await yes(bob, requestId)
    await yes(admin, requestId)
    expect(await outcome(requestId)).toEqual(opening)
  })

  it('it is approved by the gateway when the policy asks for no more approvals than it has', async () => {
    const { store } = database
    const policyId = await protectOn(store, 'eased', { approvalRule: rule(2, user('ann'), user('bob')) })
    const [some, none] = [await ask('eased'), await ask('eased')]
    await yes(ann, some.requestId)
    await updatePolicy(
      { store, viewer: admin },
      { policyIds: [policyId], approvalRule: rule(1, user('ann'), user('bob')) },
    )
    expect(await settleWaiting(store, 100)).toBe(2)
    expect([await outcome(some.requestId), await outcome(none.requestId)]).toEqual([opening, pending])
    await updatePolicy({ store, viewer: admin }, { policyIds: [policyId], approvalRule: { approvalsNeeded: 0 } })
    await settleWaiting(store, 100)
    expect(await outcome(none.requestId)).toEqual(opening)
    expect((await storyOfRequest(store, none.requestId)).slice(2)).toEqual(['RequestApproved', 'GrantOpening'])
    expect(await settleWaiting(store, 100)).toBe(0)
  })

  it('it lapses when JIT is disabled where it asked for access, and what it asks for elsewhere waits on', async () => {
    const { store } = database
    await protectOn(store, 'off', { approvalRule: rule(1, user('ann')) })
    const [alone, beside] = [await ask('off'), await ask(['off', 'one'])]
    await disableJit({ store, viewer: admin }, { vmIds: [vmId('off')] })
    expect(await outcome(alone.requestId)).toEqual({ status: 'LAPSED', grants: ['CLOSED POLICY_CHANGED'] })
    expect(await storyOfRequest(store, alone.requestId)).toEqual([
      'AccessRequested',
      'GrantRequested',
      'GrantClosed',
      'RequestLapsed',
    ])
    expect(await outcome(beside.requestId)).toEqual({
      ...pending,
      grants: ['CLOSED POLICY_CHANGED', 'PENDING_APPROVAL'],
    })
    await yes(bob, beside.requestId)
    expect(await outcome(beside.requestId)).toEqual({
      status: 'APPROVED',
      grants: ['CLOSED POLICY_CHANGED', 'OPENING'],
    })
  })

  it('it ends where its port is taken out of the policy', async () => {
    const { store } = database
    const policyId = await protectOn(store, 'less', { approvalRule: rule(1, user('ann')) }, [
      { port: 22 },
      { port: 80 },
    ])
    const { requestId } = await ask('less')
    await updatePolicy(
      { store, viewer: admin },
      { policyIds: [policyId], removePorts: [{ port: 22, protocol: 'TCP' }] },
    )
    expect(await outcome(requestId)).toEqual({ status: 'LAPSED', grants: ['CLOSED POLICY_CHANGED'] })
  })
})
