import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { actions, roles } from '../../src/access/role.ts'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { requestAccess } from '../../src/commands/request-access.ts'
import { announceEnds } from '../../src/commands/announce-ends.ts'
import { startFeed } from '../../src/activity/feed.ts'
import { lookFor } from '../../src/firewall/look.ts'
import { globalId, parseGlobalId } from '../../src/graphql/global-id.ts'
import { silentLog } from '../../src/log/log.ts'
import { recordOpenPorts } from '../../src/store/open-ports/record.ts'
import { systemClock } from '../../src/time/clock.ts'
import { useDatabase } from '../support/database.ts'
import { settled } from '../support/settled.ts'
import { ask } from './support/ask.ts'
import { watch } from './support/watch.ts'
import { contextOf, person } from './support/context.ts'
import * as estate from './support/small-estate.ts'
import { stories, story } from './support/stories.ts'

const { machineId, machineKey } = estate
const database = useDatabase()
const admin = person('ada', 'POLICY_ADMIN')
const requester = person('rob', 'REQUESTER')
const told = new Set<string>()

beforeAll(() =>
  estate.writeSmallEstate(
    database.store,
    Array.from({ length: 25 }, (_, index) => `web-${index}`),
  ),
)

/** Runs the document of a story, as the policy admin unless told. Fails when it answers errors. */
function tell(name: string, variables: object = {}, viewer = admin) {
  told.add(name)
  return ask<any>(database.store, viewer, story(name), variables)
}

/** Enables JIT on a machine and asks, as the requester, for its SSH port: the global ids of what came of it. */
async function grantTo(name: string) {
  const { store } = database
  const enabled = await enableJit({ store, viewer: admin }, { vmIds: [machineKey(name)] })
  const targets = [{ vmId: machineKey(name), ports: [{ port: 22 }] }]
  const asked = await requestAccess({ store, viewer: requester }, { targets, durationSeconds: 600 })
  return {
    policy: globalId('Policy', enabled.results[0]?.policyId ?? ''),
    request: globalId('Request', asked.requestId ?? ''),
    grant: globalId('Grant', asked.grantIds[0] ?? ''),
  }
}

/** Opens a grant behind a firewall, as the enforcer records it. */
async function openThroughFirewall(grant: string, machine: string) {
  const fw = estate.boundaryKey('fw')
  const { pool } = database.store
  await pool.query(
    `insert into boundaries (id, kind, account_id, resource_group_id, resource_group, name, location, rules, observed_at,
       public_addresses, generation)
     values ($1, 'AZURE_FIREWALL', $2, $3, 'shop', 'fw', 'westeurope', '[]', gateway_now(), '{198.51.100.1}', 1)`,
    [fw, estate.subscription, estate.resourceGroup],
  )
  await pool.query(`insert into boundary_reconciles (boundary_id, account_id) values ($1, $2)`, [
    fw,
    estate.subscription,
  ])
  await pool.query(`update virtual_machine_interfaces set network_boundary_id = $1 where vm_id = $2`, [
    fw,
    machineKey(machine),
  ])
  const { rows } = await pool.query<{ id: string }>(`select id from grants where vm_id = $1`, [machineKey(machine)])
  expect(globalId('Grant', rows[0]?.id ?? '')).toBe(grant)
  await pool.query(
    `insert into enforcements (grant_id, boundary_id, status, rule_name, public_address, public_port)
     values ($1, $2, 'OPEN', 'JitGateway-Allow-1', '198.51.100.1', 20022)`,
    [rows[0]?.id, fw],
  )
  await pool.query(
    `update grants set state = 'ACTIVE', activated_at = gateway_now(), ends_at = '2126-01-01T12:00:00Z' where id = $1`,
    [rows[0]?.id],
  )
}

describe('machines and policies', () => {
  test('machines are listed with their JIT status', async () => {
    const { virtualMachines, virtualMachineCounts } = await tell('list-virtual-machines', {
      filter: { search: 'relic', jitStatus: ['UNSUPPORTED'] },
    })
    expect(virtualMachines.totalCount).toBe(1)
    expect(virtualMachines.nodes[0]).toMatchObject({
      name: 'relic',
      jitStatus: 'UNSUPPORTED',
      unsupportedReason: 'CLASSIC',
    })
    expect(virtualMachineCounts).toEqual({ configured: 0, notConfigured: 0, unsupported: 1 })
  })

  test('machines without JIT are listed with what is open of them to anybody, and what to protect', async () => {
    await database.store.db.transaction((tx) =>
      recordOpenPorts(tx, [machineKey('web-18'), machineKey('desk')], lookFor),
    )
    const { virtualMachines } = await tell('not-configured-virtual-machines', { first: 50 })
    const named = (name: string) => virtualMachines.nodes.find((node: { name: string }) => node.name === name)
    const open = {
      first: 22,
      last: 22,
      protocol: 'TCP',
      managementPorts: [22],
      rules: [{ ruleName: 'allow-ssh', boundary: { name: 'front' } }],
    }
    expect(named('web-18')).toMatchObject({
      openPorts: [open],
      recommendation: { reason: 'OPEN_TO_ANY_SOURCE', ports: [{ port: 22, openToAnySource: true }] },
      viewerCanConfigureJit: true,
    })
    // Windows does not answer at the port of SSH.
    expect(named('desk')).toMatchObject({
      openPorts: [open],
      recommendation: {
        reason: 'NOT_GUARDED',
        ports: [3_389, 5_985, 5_986].map((port) => ({ port, openToAnySource: false })),
      },
    })
    expect(named('relic')).toBeUndefined()
    const { virtualMachines: exposed } = await tell('not-configured-virtual-machines', { exposed: true })
    expect(exposed.nodes).toMatchObject([{ name: 'web-18' }])
  })

  test('machines that cannot have JIT are listed with the cause and its cure', async () => {
    const { virtualMachines } = await tell('unsupported-virtual-machines', { reasons: ['CLASSIC'] })
    expect(virtualMachines.nodes).toMatchObject([
      {
        name: 'relic',
        unsupported: {
          reason: 'CLASSIC',
          cause: expect.stringMatching(/classic/),
          cure: expect.stringMatching(/^Migrate/),
        },
      },
    ])
    expect(await tell('unsupported-virtual-machines', { reasons: ['NO_PRIVATE_ADDRESS'] })).toMatchObject({
      virtualMachines: { totalCount: 0 },
    })
  })

  test('the connect page says what can be asked for now, and what comes first', async () => {
    const id = machineId('web-19')
    expect(await tell('connect-to-virtual-machine', { id })).toMatchObject({
      virtualMachine: { connect: { nextStep: 'ENABLE_JIT', missing: null, ports: [], maximumDuration: null } },
    })
    await enableJit({ store: database.store, viewer: admin }, { vmIds: [machineKey('web-19')] })
    expect(await tell('connect-to-virtual-machine', { id }, requester)).toMatchObject({
      virtualMachine: {
        connect: {
          nextStep: 'REQUEST_ACCESS',
          source: '203.0.113.7/32',
          sourceUnknown: null,
          maximumDuration: 'PT3H',
          ports: [
            { policyPort: { port: 22, protocol: 'TCP', maximumDuration: 'PT3H' }, sourceAllowed: true, held: null },
          ],
        },
      },
    })
  })

  test('JIT is enabled with the default port of each system', async () => {
    const { enableJit } = await tell('enable-jit-with-defaults', {
      virtualMachines: [machineId('web-0'), machineId('desk'), machineId('relic')],
    })
    const [web, desk, relic] = enableJit.results
    expect(web.virtualMachine).toMatchObject({ name: 'web-0', jitStatus: 'CONFIGURED' })
    expect(web.policy.ports).toEqual([
      { port: 22, protocol: 'TCP', allowedSources: ['0.0.0.0/0', '::/0'], maximumDuration: 'PT3H' },
    ])
    expect(desk.policy.ports).toMatchObject([{ port: 3389 }])
    expect(relic).toMatchObject({ policy: null, userErrors: [{ code: 'CONFLICT', field: ['virtualMachines', '2'] }] })
  })

  test('the machines under JIT are listed with who came last, how often access was asked for, and what to connect to', async () => {
    await grantTo('web-14')
    const listed = async () => {
      const { virtualMachines } = await tell('configured-virtual-machines', { first: 100 })
      return virtualMachines.nodes.find(({ name }: { name: string }) => name === 'web-14')
    }
    expect(await listed()).toMatchObject({
      accessRequestsLast7Days: 1,
      lastAccess: null,
      addresses: ['10.0.0.4'],
      adminUserName: null,
      policy: { ports: [{ port: 22, protocol: 'TCP' }] },
      guardedBy: 'NETWORK_SECURITY_GROUP',
    })
    await database.store.pool.query(
      `update grants set state = 'ACTIVE', activated_at = '2026-11-24T11:31:55.123Z' where vm_id = $1`,
      [machineKey('web-14')],
    )
    expect(await listed()).toMatchObject({
      lastAccess: { at: '2026-11-24T11:31:55.123Z', by: { kind: 'PERSON', name: 'rob' }, grant: { port: 22 } },
    })
  })

  test('JIT is enabled with ports of your own, once for a key', async () => {
    const variables = {
      virtualMachines: [machineId('web-1')],
      ports: [
        { port: 8443, allowedSources: ['10.0.0.0/8'], maximumDuration: 'PT30M' },
        { port: 53, protocol: 'UDP' },
      ],
      idempotencyKey: 'own ports',
    }
    const first = await tell('enable-jit-with-own-ports', variables)
    expect(first.enableJit.results[0].policy.ports).toMatchObject([
      { port: 53, protocol: 'UDP', maximumDuration: 'PT3H' },
      { port: 8443, protocol: 'TCP', allowedSources: ['10.0.0.0/8'], maximumDuration: 'PT30M' },
    ])
    expect(await tell('enable-jit-with-own-ports', variables)).toEqual(first)
  })

  test('a policy is listed, shown, edited and disabled', async () => {
    const { policy, grant } = await grantTo('web-2')
    const { policies } = await tell('list-policies', { first: 1 })
    expect(policies.nodes).toMatchObject([{ id: policy, viewerCanUpdate: true, virtualMachine: { name: 'web-2' } }])

    const edited = await tell('edit-policy', {
      policies: [policy],
      setPorts: [{ port: 5432 }],
      removePorts: [{ port: 22 }],
    })
    expect(edited.updatePolicy.results[0].policy).toMatchObject({ version: 2, ports: [{ port: 5432 }] })
    const closed = await tell('close-foreign-rules', { policies: [policy] })
    expect(closed.updatePolicy.results[0].policy).toMatchObject({ id: policy, closesForeignRules: true })
    expect(await tell('show-grant', { id: grant })).toMatchObject({
      grant: { state: 'CLOSING', endReason: 'POLICY_CHANGED' },
    })

    const disabled = await tell('disable-jit', { virtualMachines: [machineId('web-2')] })
    expect(disabled.disableJit.results[0]).toMatchObject({
      virtualMachine: { jitStatus: 'NOT_CONFIGURED' },
      policy: { id: policy, disabledAt: expect.any(String) },
    })
    expect(await tell('show-policy', { id: policy })).toMatchObject({ policy: { viewerCanUpdate: false, version: 3 } })
  })

  test('protected ports that foreign rules leave reachable are found', async () => {
    await grantTo('web-3')
    await estate.writeShadow(database.store, 'web-3')
    const { virtualMachines } = await tell('exposure-overview')
    expect(virtualMachines.nodes).toMatchObject([
      { name: 'web-18', jitStatus: 'NOT_CONFIGURED', exposures: [{ port: 22, guarded: false, ruleName: 'allow-ssh' }] },
      { name: 'web-3', exposures: [{ port: 22, guarded: true, ruleName: 'allow-ssh', boundary: { name: 'front' } }] },
    ])
  })
})

describe('requests and grants', () => {
  test('a port is asked for and released', async () => {
    await enableJit({ store: database.store, viewer: admin }, { vmIds: [machineKey('web-4')] })
    const variables = { virtualMachine: machineId('web-4'), port: 22, duration: 'PT10M', justification: 'deploy' }
    const { requestAccess } = await tell('request-access', variables, requester)
    const [grant] = requestAccess.grants
    expect(requestAccess).toMatchObject({ request: { status: 'APPROVED' }, userErrors: [] })
    expect(grant).toMatchObject({ state: 'OPENING', port: 22, sources: ['203.0.113.7/32'], duration: 'PT10M' })
    expect(await tell('my-requests', { first: 1 }, requester)).toMatchObject({
      requests: { nodes: [{ justification: 'deploy', grants: { nodes: [{ id: grant.id, viewerCanRelease: true }] } }] },
    })
    expect(await tell('release-grant', { grant: grant.id }, requester)).toMatchObject({
      releaseGrant: { grant: { state: 'CLOSING', endReason: 'RELEASED' }, userErrors: [] },
    })
  })

  test('several ports are asked for: what is permitted is granted, and every failed constraint is listed', async () => {
    const ports = [
      { port: 22, maximumDurationSeconds: 3_600 },
      { port: 443, allowedSources: ['10.0.0.0/8'] },
    ]
    await enableJit({ store: database.store, viewer: admin }, { vmIds: [machineKey('web-5')], ports })
    const targets = [
      { virtualMachine: machineId('web-5'), ports: [{ port: 22 }, { port: 443 }] },
      { virtualMachine: machineId('web-6'), ports: [{ port: 22 }] },
    ]
    const input = { targets, sources: ['198.51.100.0/24'], duration: 'PT1H', justification: 'migration' }
    const { requestAccess } = await tell('request-several-ports', { input }, requester)
    expect(requestAccess.grants).toMatchObject([{ port: 22, virtualMachine: { name: 'web-5' } }])
    expect(requestAccess.userErrors).toMatchObject([
      { code: 'POLICY_VIOLATION', constraint: 'SOURCE', allowed: ['10.0.0.0/8'], asked: '198.51.100.0/24' },
      { code: 'CONFLICT', field: ['targets', '1', 'virtualMachine'] },
    ])
  })

  test('a grant is extended by its holder, and its end is announced', async () => {
    const { grant, policy } = await grantTo('web-22')
    const { store } = database
    for (const beforeEnd of ['PT15M', 'PT0S', null]) {
      const { updatePolicy } = await tell('set-notice', { policies: [policy], beforeEnd })
      expect(updatePolicy).toMatchObject({ results: [{ policy: { noticeBeforeEnd: beforeEnd } }], userErrors: [] })
    }
    expect((await tell('set-notice', { policies: [policy], beforeEnd: 'PT2H' })).updatePolicy.userErrors).toMatchObject(
      [{ code: 'INVALID_INPUT', field: ['noticeRule', 'beforeEnd'] }],
    )
    await store.pool.query(
      `update grants set state = 'ACTIVE', activated_at = gateway_now(), ends_at = gateway_now() + interval '10 minutes'
       where id = $1`,
      [parseGlobalId(grant)?.id],
    )
    const feed = startFeed({ store, url: database.url, clock: systemClock, log: silentLog })
    afterAll(() => feed.stop())
    told.add('watch-ends')
    const watching = await watch(feed, contextOf(store, requester), story('watch-ends'))
    const shown = await tell('show-grant', { id: grant }, requester)
    expect(shown.grant).toMatchObject({ viewerCanExtend: true, extension: { longest: 'PT3H' }, extendedAt: null })

    const asked = { grant, duration: 'PT30M', justification: 'still busy' }
    const { extendGrant } = await tell('extend-grant', asked, requester)
    expect(extendGrant).toMatchObject({
      request: { kind: 'EXTENSION', status: 'APPROVED', extension: { duration: 'PT30M' } },
      grant: { id: grant, state: 'ACTIVE', extendedAt: expect.any(String) },
      userErrors: [],
    })
    const { previousEndsAt, extendedTo } = extendGrant.request.extension
    expect((await watching.next()).grantEvents).toMatchObject({
      kind: 'GRANT_EXTENDED',
      grantId: grant,
      previousEndsAt,
      endsAt: extendedTo,
      extension: null,
    })
    await store.pool.query('update grants set notice_at = gateway_now() where id = $1', [parseGlobalId(grant)?.id])
    await announceEnds(store, 10)
    expect((await watching.next()).grantEvents).toMatchObject({
      kind: 'GRANT_ENDS_SOON',
      grantId: grant,
      previousEndsAt: null,
      extension: { longest: 'PT3H', until: expect.any(String) },
    })
    await watching.stop()
    const after = await tell('show-grant', { id: grant })
    expect(after.grant).toMatchObject({
      viewerCanExtend: false,
      extensions: { nodes: [{ previousEndsAt, extendedTo, request: { justification: 'still busy' } }] },
    })
  })

  test('a request and a grant are followed, and an operator revokes it', async () => {
    const { request, grant } = await grantTo('web-7')
    expect(await tell('show-request', { id: request })).toMatchObject({
      request: { requester: { id: 'rob' }, grants: { nodes: [{ id: grant, state: 'OPENING', failure: null }] } },
    })
    const { grants } = await tell('live-grants')
    expect(grants.nodes).toContainEqual(expect.objectContaining({ id: grant, viewerCanRevoke: true, overdueBy: null }))
    expect(await tell('revoke-grant', { grant })).toMatchObject({
      revokeGrant: { grant: { state: 'CLOSING', endReason: 'REVOKED', requester: { name: 'rob' } } },
    })
    await settled(database.store)
    const shown = await tell('show-grant', { id: grant })
    expect(shown.grant.activity.nodes).toMatchObject([
      { kind: 'GRANT_OPENING', actor: { name: 'rob' } },
      { kind: 'GRANT_CLOSING', actor: { name: 'ada' } },
    ])
  })

  test('a machine is shown with its path, its policy and who has access now', async () => {
    const { grant, policy } = await grantTo('web-8')
    expect(await tell('show-virtual-machine', { id: machineId('web-8') })).toMatchObject({
      virtualMachine: {
        interfaces: [{ path: [{ level: 'SUBNET', boundary: { name: 'front' } }] }],
        policy: { id: policy },
        grants: { nodes: [{ id: grant, requester: { name: 'rob' } }] },
      },
    })
  })

  test('whatever an id stands for is found', async () => {
    const { grant } = await grantTo('web-9')
    expect(await tell('find-by-id', { id: grant })).toMatchObject({ node: { __typename: 'Grant', state: 'OPENING' } })
    expect(await tell('refresh-by-ids', { ids: [machineId('web-9'), grant] })).toMatchObject({
      nodes: [{ jitStatus: 'CONFIGURED' }, { id: grant, state: 'OPENING' }],
    })
  })
})

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
    told.add('watch-requests')
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

describe('in an emergency', () => {
  test('a port is opened by break-glass, and somebody else looks into it', async () => {
    await enableJit({ store: database.store, viewer: admin }, { vmIds: [machineKey('web-23')] })
    const operator = person('olga', 'OPERATOR')
    const asked = { virtualMachine: machineId('web-23'), port: 22, justification: 'the shop is down' }
    const { requestAccess } = await tell('open-by-break-glass', asked, operator)
    expect(requestAccess).toMatchObject({
      request: { breakGlass: { past: [], reviewedAt: null } },
      grants: [{ state: 'OPENING', breakGlass: true }],
      userErrors: [],
    })
    const { id } = requestAccess.request
    const listed = async (viewer: typeof admin) => (await tell('break-glass-to-review', {}, viewer)).requests.nodes
    expect(await listed(admin)).toMatchObject([
      { id, requester: { name: 'olga' }, justification: 'the shop is down', viewerCanReview: true },
    ])
    expect(await listed(operator)).toMatchObject([{ id, viewerCanReview: false }])
    const { reviewBreakGlass } = await tell('review-break-glass', { request: id, note: 'it was' })
    expect(reviewBreakGlass).toMatchObject({
      request: { id, breakGlass: { reviewedBy: { name: 'ada' }, note: 'it was' } },
      userErrors: [],
    })
    expect(await listed(admin)).toEqual([])
  })

  test('a scope is locked down: what is open there ends, and nothing can be asked for until it is lifted', async () => {
    const { grant } = await grantTo('web-24')
    const scope = machineKey('web-24')
    const { lockDown } = await tell('lock-down', { scope, reason: 'incident 7' })
    expect(lockDown).toMatchObject({ lockdown: { scope, reason: 'incident 7' }, grantsEnded: 1, userErrors: [] })
    expect(await tell('show-grant', { id: grant })).toMatchObject({
      grant: { state: 'CLOSING', endReason: 'LOCKED_DOWN' },
    })
    const { requestAccess } = await tell('request-access', { virtualMachine: machineId('web-24'), port: 22 }, requester)
    expect(requestAccess).toMatchObject({ request: null, userErrors: [{ code: 'LOCKED_DOWN' }] })
    const { virtualMachine } = await tell('show-virtual-machine', { id: machineId('web-24') })
    expect(virtualMachine.lockdowns).toEqual([{ scope, reason: 'incident 7' }])

    const { id } = lockDown.lockdown
    const { lockdowns } = await tell('list-lockdowns')
    expect(lockdowns.nodes).toMatchObject([{ id, beganBy: { name: 'ada' }, grantsEnded: 1, viewerCanLift: true }])
    const { liftLockDown } = await tell('lift-lock-down', { lockdown: id })
    expect(liftLockDown).toMatchObject({ lockdown: { id, liftedBy: { name: 'ada' } }, userErrors: [] })
    expect((await tell('list-lockdowns')).lockdowns.nodes).toEqual([])
    expect((await tell('list-lockdowns', { filter: { includeLifted: true } })).lockdowns.nodes).toMatchObject([{ id }])
    expect(await tell('show-lockdown', { id })).toMatchObject({ lockdown: { viewerCanLift: false, grantsEnded: 1 } })
  })
})

describe('what happened', () => {
  test('a policy says who enabled it, and what kind of actor that was', async () => {
    const actor = { kind: 'PROGRAM', id: 'deployer', name: 'Deployer' } as const
    const viewer = { ...admin, actor }
    const { results } = await enableJit({ store: database.store, viewer }, { vmIds: [machineKey('web-13')] })
    const query = 'query ($id: ID!) { policy(id: $id) { createdBy { kind id name } } }'
    const { policy } = await ask<any>(database.store, admin, query, {
      id: globalId('Policy', results[0]?.policyId ?? ''),
    })
    expect(policy.createdBy).toEqual(actor)
  })

  test('the activity of a machine tells who did what', async () => {
    await grantTo('web-10')
    await settled(database.store)
    const { virtualMachine } = await tell('activity-of-virtual-machine', { id: machineId('web-10') })
    expect(virtualMachine.activity.nodes).toMatchObject([
      { kind: 'GRANT_OPENING', actor: { kind: 'PERSON', name: 'rob' }, port: 22, state: 'OPENING' },
      { kind: 'ACCESS_REQUESTED', actor: { name: 'rob' } },
      { kind: 'POLICY_CREATED', actor: { name: 'ada' }, ports: [{ port: 22, protocol: 'TCP' }] },
    ])
  })

  test('the audit trail is read to its end, and a dashboard goes on from there', async () => {
    await settled(database.store)
    const feed = startFeed({ store: database.store, url: database.url, clock: systemClock, log: silentLog })
    afterAll(() => feed.stop())
    const context = contextOf(database.store, admin)
    told.add('watch-grants').add('resume-watching')
    const watching = await watch(feed, context, story('watch-grants'), { filter: { kinds: ['GRANT_OPENING'] } })
    const { activity } = await tell('audit-trail', { filter: { virtualMachines: [machineId('web-11')] } })
    expect(activity.edges).toEqual([])

    const last = (await tell('audit-trail')).activity.edges.at(-1)
    const { grant } = await grantTo('web-11')
    const event = await watching.next()
    expect(event.grantEvents).toMatchObject({ kind: 'GRANT_OPENING', grantId: grant, requesterId: 'rob', port: 22 })

    const filter = { virtualMachines: [machineId('web-11')] }
    const resumed = await watch(feed, context, story('resume-watching'), { after: last.cursor, filter })
    const again = (await resumed.next()).grantEvents
    expect(again).toMatchObject({ cursor: event.grantEvents.cursor, grant: { id: grant, state: 'OPENING' } })
    expect(again.virtualMachine.name).toBe('web-11')
    await Promise.all([watching.stop(), resumed.stop()])
  })

  test('a dashboard keeps a list of machines current without asking again', async () => {
    const feed = startFeed({ store: database.store, url: database.url, clock: systemClock, log: silentLog })
    afterAll(() => feed.stop())
    told.add('watch-virtual-machines')
    const filter = { search: 'web-12' }
    const list = await watch(feed, contextOf(database.store, admin), story('watch-virtual-machines'), { filter })
    const whole = (await list.next()).virtualMachineChanges
    expect(whole).toMatchObject({ restarts: true, complete: true, virtualMachines: [{ jitStatus: 'NOT_CONFIGURED' }] })
    const { grant } = await grantTo('web-12')
    const machine = await vi.waitFor(async () => {
      const [changed] = (await list.next()).virtualMachineChanges.virtualMachines
      expect(changed.grants.nodes).toHaveLength(1)
      return changed
    })
    expect(machine).toMatchObject({ name: 'web-12', jitStatus: 'CONFIGURED' })
    expect(machine.grants.nodes).toMatchObject([{ id: grant, port: 22, state: 'OPENING' }])
    await list.stop()
  })
})

describe('the estate and who may do what', () => {
  test('boundaries are listed and shown with their rules', async () => {
    const { boundaries } = await tell('list-boundaries')
    expect(boundaries.nodes).toMatchObject([{ name: 'front', rules: [{ name: 'allow-ssh', ours: false }] }])
    const { boundary } = await tell('boundary-with-rules', { id: estate.boundaryId('front') })
    expect(boundary.rules[0]).toMatchObject({ access: 'ALLOW', sources: ['*'], ports: [{ first: 22, last: 22 }] })
    expect(boundary.virtualMachines.nodes).toHaveLength(20)
    expect(await tell('taken-rules', { id: estate.boundaryId('front') })).toEqual({
      boundary: { kind: 'NETWORK_SECURITY_GROUP', takenRules: [] },
    })
  })

  test('an account is registered, listed, synced and shown', async () => {
    const subscriptionId = 'B7B7B7B7-0000-4000-8000-000000000002'
    const { registerAccount } = await tell('register-account', { subscriptionId, name: 'Lab' })
    expect(registerAccount.account).toMatchObject({ name: 'Lab', status: 'REGISTERED' })
    const { accounts } = await tell('list-accounts')
    expect(accounts.nodes.map(({ name }: { name: string }) => name)).toEqual(['Lab', 'Shop'])
    const { id } = registerAccount.account
    const { updateAccount } = await tell('set-drift-response', { account: id, driftResponse: 'REPORT' })
    expect(updateAccount).toEqual({ account: { id, driftResponse: 'REPORT' }, userErrors: [] })
    expect((await tell('drifted-rules')).activity.nodes).toEqual([])
    expect(await tell('sync-account', { account: id })).toMatchObject({ syncAccount: { account: { id } } })
    expect(await tell('show-account', { id: estate.accountId })).toMatchObject({
      account: { name: 'Shop', virtualMachineCounts: { unsupported: 1 } },
    })
  })

  test('a role is assigned for a while, listed and removed', async () => {
    const given = { principalKind: 'GROUP', principalId: 'on-call', scope: estate.resourceGroup }
    const endsAt = new Date(Date.now() + 3_600_000).toISOString()
    const { assignRole } = await tell('assign-role', { ...given, role: 'OPERATOR', endsAt })
    const { id, role } = assignRole.roleAssignment
    expect(role).toEqual({ name: 'OPERATOR', actions: roles.OPERATOR })
    const { roleAssignments } = await tell('list-role-assignments', { filter: { principalIds: ['on-call'] } })
    expect(roleAssignments.nodes).toMatchObject([{ id, ...given, role: { name: 'OPERATOR' }, endsAt }])
    expect(await tell('remove-role', { roleAssignment: id })).toMatchObject({ removeRole: { removedId: id } })
    expect((await tell('list-role-assignments')).roleAssignments.nodes).toEqual([])
  })

  test('a role is made, assigned, changed, shown and taken back', async () => {
    const made = { name: 'On call', scope: estate.resourceGroup, actions: [actions.revokeGrant, actions.readGrant] }
    const { createCustomRole } = await tell('create-custom-role', { input: { ...made, idempotencyKey: 'on call' } })
    const { id } = createCustomRole.role
    const given = { principalKind: 'USER', principalId: 'olga', role: id, scope: estate.resourceGroup }
    const { assignRole } = await tell('assign-role', given)
    expect(assignRole.roleAssignment.role).toEqual({ name: 'On call', actions: made.actions })

    const { updateCustomRole } = await tell('update-custom-role', { role: id, addActions: [actions.readActivity] })
    expect(updateCustomRole.role.actions).toEqual([...made.actions, actions.readActivity])
    expect((await tell('show-role', { id })).role).toMatchObject({ builtIn: false, createdBy: { name: 'ada' } })
    expect((await tell('list-roles', { filter: { builtIn: false } })).roles.nodes).toMatchObject([{ name: 'On call' }])
    expect((await tell('list-roles', { filter: { allowing: [actions.approveRequest] } })).roles.nodes).toMatchObject([
      { name: 'APPROVER' },
      { name: 'POLICY_ADMIN' },
    ])

    expect((await tell('remove-custom-role', { role: id })).removeCustomRole).toMatchObject({
      removedId: null,
      userErrors: [{ code: 'CONFLICT' }],
    })
    await tell('remove-role', { roleAssignment: assignRole.roleAssignment.id })
    expect((await tell('remove-custom-role', { role: id })).removeCustomRole).toEqual({ removedId: id, userErrors: [] })
  })

  test('the least that whoever asks for access needs is a role of its own', async () => {
    const { createCustomRole } = await tell('create-least-privileged-role', { scope: estate.resourceGroup })
    expect(createCustomRole.role).toMatchObject({ name: 'JIT Access Role', actions: roles.REQUESTER })
  })

  test('a viewer is told by which role they may do something, or what is missing', async () => {
    const asked = { action: actions.revokeGrant.toUpperCase(), scope: estate.resourceGroup.toUpperCase() }
    expect((await tell('explain-access', asked)).viewer.access).toMatchObject({
      allowed: true,
      by: [{ role: 'POLICY_ADMIN', scope: '/' }],
      missing: null,
    })
    expect((await tell('explain-access', asked, requester)).viewer.access).toEqual({
      allowed: false,
      by: [],
      missing: {
        action: actions.revokeGrant,
        scope: estate.resourceGroup,
        roles: ['OPERATOR', 'POLICY_ADMIN'],
        heldElsewhere: [],
      },
    })
  })

  test('a viewer asks who they are', async () => {
    expect(await tell('who-am-i', {}, requester)).toMatchObject({
      viewer: { actor: { id: 'rob' }, address: '203.0.113.7', rolesHeld: [{ role: 'REQUESTER', scope: '/' }] },
    })
  })
})

test('a requester is told where to connect to, through a firewall too', async () => {
  const { grant } = await grantTo('web-21')
  await openThroughFirewall(grant, 'web-21')
  const { grants } = await tell('connect-by-grant', {}, requester)
  const [mine] = grants.nodes.filter(({ id }: { id: string }) => id === grant)
  expect(mine).toMatchObject({
    port: 22,
    virtualMachine: { name: 'web-21', guardedBy: 'AZURE_FIREWALL' },
    connection: {
      address: '198.51.100.1',
      port: 20_022,
      userName: null,
      command: 'ssh -p 20022 198.51.100.1',
      until: '2126-01-01T12:00:00.000Z',
    },
  })
})

/** Those that are told in a file of their own. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  './access-evaluation.test.ts': ['evaluate-access'],
  '../gateway/policy-templates.test.ts': [
    'drop-policy-overrides',
    'list-policy-templates',
    'overrides-of-template',
    'preview-policy-templates',
    'set-policy-templates',
    'show-policy-template',
  ],
}

test('every story was told', () => {
  for (const [file, names] of Object.entries(elsewhere)) {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8')
    for (const name of names) if (text.includes(`story('${name}')`)) told.add(name)
  }
  expect([...told].toSorted()).toEqual([...stories.keys()].toSorted())
})
