import { afterAll, describe, expect, test } from 'vitest'
import { startFeed } from '../../../src/activity/feed.ts'
import { enableJit } from '../../../src/commands/enable-jit.ts'
import { globalId } from '../../../src/graphql/global-id.ts'
import { silentLog } from '../../../src/log/log.ts'
import { systemClock } from '../../../src/time/clock.ts'
import { settled } from '../../support/settled.ts'
import { contextOf, person } from '../support/context.ts'
import { machineId, machineKey } from '../support/small-estate.ts'
import { story } from '../support/stories.ts'
import { watch } from '../support/watch.ts'
import { admin, requester, useTeller } from './support/teller.ts'

const { database, tell } = useTeller()

describe('approval', () => {
  const approver = person('ann', null)

  /** Enables JIT on a machine, has the story say who approves it, and asks for its SSH port as the requester. */
  async function askFor(name: string, more: object = {}) {
    const { store } = database
    const { results } = await enableJit({ store, viewer: admin }, { vmIds: [machineKey(name)] })
    const policy = globalId('Policy', results[0]?.policyId ?? '')
    const approvalRule = { approvalsNeeded: 1, approvers: [{ kind: 'USER', id: 'ann' }], decideWithin: 'PT2H' }
    await tell('set-approval-rules', { policies: [policy], approvalRule, ...more })
    const variables = { virtualMachine: machineId(name), port: 22, duration: 'PT10M', justification: 'deploy' }
    const { requestAccess } = await tell('request-access', variables, requester)
    return { policy, request: requestAccess.request.id as string, grant: requestAccess.grants[0].id as string }
  }

  test('a policy says who has to approve, port by port, and what must come with a request', async () => {
    const { store } = database
    const { results } = await enableJit({ store, viewer: admin }, { vmIds: [machineKey('web-20')] })
    const policy = globalId('Policy', results[0]?.policyId ?? '')
    const rules = {
      approvalRule: { approvalsNeeded: 2, approvers: [{ kind: 'ROLE' }, { kind: 'GROUP', id: 'on-call' }] },
      setPortApprovals: [{ port: 22, approvalRule: { approvalsNeeded: 0 } }],
      justificationRule: { required: true },
      ticketRule: { required: true, pattern: 'OPS-\\d+' },
    }
    const { updatePolicy } = await tell('set-approval-rules', { policies: [policy], ...rules })
    const shown = (await tell('show-policy', { id: policy })).policy
    for (const one of [updatePolicy.results[0].policy, shown])
      expect(one).toMatchObject({
        version: 2,
        approvalRule: {
          approvalsNeeded: 2,
          approvers: [{ kind: 'ROLE', id: null }, { id: 'on-call' }],
          decideWithin: 'PT24H',
        },
        justificationRule: { required: true, pattern: null },
        ticketRule: { required: true, pattern: 'OPS-\\d+' },
        ports: [{ port: 22, approvalRule: { approvalsNeeded: 0 } }],
      })
    const wrong = {
      ...rules,
      ticketRule: { required: true, pattern: '(a' },
      approvalRule: { approvalsNeeded: 1, decideWithin: 'PT1S' },
    }
    const refused = await tell('set-approval-rules', { policies: [policy], ...wrong })
    expect(refused.updatePolicy.userErrors.map(({ field }: { field: string[] }) => field.join('.'))).toEqual([
      'approvalRule.decideWithin',
      'ticketRule.pattern',
    ])
  })

  test('an approver finds what waits, with all there is to know, and approves it', async () => {
    const { request, grant } = await askFor('web-15')
    expect((await tell('requests-awaiting-me', {}, requester)).requests.nodes).toEqual([])
    const { requests } = await tell('requests-awaiting-me', {}, approver)
    expect(requests.nodes).toMatchObject([
      {
        id: request,
        justification: 'deploy',
        requester: { id: 'rob' },
        ports: {
          nodes: [
            { virtualMachineName: 'web-15', port: 22, duration: 'PT10M', approvalsNeeded: 1, awaitsViewer: true },
          ],
        },
        decisions: [],
      },
    ])
    const { approveRequest } = await tell('approve-request', { request, reason: 'go' }, approver)
    expect(approveRequest).toMatchObject({
      counted: true,
      request: {
        status: 'APPROVED',
        decisions: [{ verdict: 'APPROVED', reason: 'go', actor: { name: 'ann' } }],
        ports: { nodes: [{ state: 'OPENING', approvalsGiven: 1 }] },
      },
      userErrors: [],
    })
    expect((await tell('requests-awaiting-me', {}, approver)).requests.nodes).toEqual([])
    expect(await tell('show-request', { id: request }, requester)).toMatchObject({
      request: { status: 'APPROVED', viewerCanWithdraw: false, grants: { nodes: [{ id: grant, state: 'OPENING' }] } },
    })
    await settled(database.store)
    const { activity } = await tell('audit-trail', { filter: { virtualMachines: [machineId('web-15')] } })
    expect(activity.edges.map(({ node }: any) => node.kind)).toEqual([
      'POLICY_CREATED',
      'POLICY_UPDATED',
      'ACCESS_REQUESTED',
      'GRANT_REQUESTED',
      'APPROVAL_DECIDED',
      'REQUEST_APPROVED',
      'GRANT_OPENING',
    ])
  })

  test('an approver denies, and the requester sees why', async () => {
    const { request } = await askFor('web-16')
    const denied = await tell('deny-request', { request, reason: 'not on a Friday' }, approver)
    expect(denied).toMatchObject({ denyRequest: { counted: true, request: { status: 'DENIED' } } })
    expect(await tell('show-request', { id: request }, requester)).toMatchObject({
      request: {
        decisions: [{ verdict: 'DENIED', reason: 'not on a Friday' }],
        grants: { nodes: [{ state: 'CLOSED' }] },
      },
    })
    expect(await tell('deny-request', { request }, requester)).toMatchObject({
      denyRequest: { request: null, userErrors: [{ code: 'NOT_PERMITTED', field: ['request'] }] },
    })
  })

  test('access is asked for later, with a ticket, and withdrawn', async () => {
    const { request: other } = await askFor('web-17', { ticketRule: { required: false, pattern: 'OPS-\\d+' } })
    const startsAt = new Date(Date.now() + 3_600_000).toISOString()
    const variables = {
      virtualMachine: machineId('web-17'),
      port: 22,
      startsAt,
      ticket: { id: 'OPS-1', system: 'jira' },
    }
    const { requestAccess } = await tell('request-scheduled-access', variables, requester)
    const { request, grants } = requestAccess
    expect(request).toMatchObject({
      status: 'PENDING_APPROVAL',
      startsAt,
      decideBy: expect.any(String),
      ticket: { id: 'OPS-1' },
    })
    expect(grants).toMatchObject([{ state: 'PENDING_APPROVAL', startsAt, approvalsNeeded: 1 }])
    expect(await tell('show-request', { id: other }, requester)).toMatchObject({ request: { viewerCanWithdraw: true } })
    await tell('approve-request', { request: request.id }, approver)
    expect(await tell('show-request', { id: request.id }, requester)).toMatchObject({
      request: { status: 'APPROVED', viewerCanWithdraw: true, grants: { nodes: [{ state: 'SCHEDULED' }] } },
    })
    expect(await tell('withdraw-request', { request: request.id }, requester)).toMatchObject({
      withdrawRequest: {
        request: { status: 'WITHDRAWN', grants: { nodes: [{ state: 'CLOSED', endReason: 'WITHDRAWN' }] } },
      },
    })
    const wrong = { ...variables, ticket: { id: 'none' } }
    expect((await tell('request-scheduled-access', wrong, requester)).requestAccess.userErrors).toMatchObject([
      { constraint: 'TICKET', field: ['ticket', 'id'], allowed: ['OPS-\\d+'] },
    ])
  })

  test('an approver watches what comes to wait, and what becomes of it', async () => {
    const feed = startFeed({ store: database.store, url: database.url, clock: systemClock, log: silentLog })
    afterAll(() => feed.stop())
    const watching = await watch(feed, contextOf(database.store, approver), story('watch-requests'))
    const { request } = await askFor('web-18')
    expect((await watching.next()).requestEvents).toMatchObject({
      kind: 'ACCESS_REQUESTED',
      requestId: request,
      requesterId: 'rob',
      status: 'PENDING_APPROVAL',
      justification: 'deploy',
      grantCount: 1,
    })
    await tell('withdraw-request', { request }, requester)
    expect((await watching.next()).requestEvents).toMatchObject({ kind: 'REQUEST_WITHDRAWN', requestId: request })
    await watching.stop()
  })
})
