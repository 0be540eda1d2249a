import { randomUUID } from 'node:crypto'
import { factKinds, type FactKind } from '../../../../src/access/fact-kinds.ts'
import { actions, roleNames } from '../../../../src/access/role.ts'
import type { Viewer } from '../../../../src/access/viewer.ts'
import { globalId, type NodeType } from '../../../../src/graphql/global-id.ts'
import type { Store } from '../../../../src/store/store.ts'
import { person } from '../../support/context.ts'
import { accounts, grants, machines, writeTwoAccounts, type Machine } from '../../support/two-accounts.ts'
import { details } from './odd-facts.ts'
import { templateIds, writeOddTemplates } from './odd-templates.ts'
import { customRoleId, moments, odd, terms } from './odd-values.ts'

/** Who asks: from somebody who sees everything to somebody who holds nothing. */
export const viewers: readonly Viewer[] = [
  person('ada', 'POLICY_ADMIN'),
  person('max', 'READER', `/subscriptions/${accounts[0]}`),
  person('rita', 'REQUESTER', (machines[2] as Machine).group),
  person('rob', 'OPERATOR', (machines[5] as Machine).id),
  { ...person('nobody "at" all', null), address: null },
  { ...person('odile', null), groups: ['on-call', 'say "no"'], appRoles: ['Approver'] },
  {
    ...person('cora', null),
    rolesHeld: [
      {
        role: { id: customRoleId(1), name: odd(6), actions: [actions.readRole, actions.readActivity] },
        scope: (machines[2] as Machine).group,
        by: {
          assignmentId: customRoleId(4),
          principalKind: 'GROUP',
          principalId: odd(2),
          endsAt: '2026-11-25T13:00:00.000Z',
        },
      },
    ],
  },
]

/** Two accounts in which every nullable column is null somewhere, and every fact and state is there. */
export async function writeOddEstate(store: Store): Promise<void> {
  await writeTwoAccounts(store)
  const write = (text: string, ...values: unknown[]) => store.pool.query(text, values)
  await write(
    `update accounts set name = $2, status = 'FAILING', last_synced_at = gateway_now(), last_sync_error = $3,
    throttled_until = gateway_now() where id = $1`,
    accounts[1],
    odd(6),
    odd(3),
  )
  for (const [n, machine] of machines.entries()) await writeMachine(write, machine, n)
  for (const [n, { id, machine }] of grants.entries()) await writeGrant(write, id, machine, n)
  await write(`update requests set justification = $1, decided_at = gateway_now() where requester_id = 'rita'`, odd(3))
  for (const [n, { request }] of grants.entries()) await writeRequest(write, request, n)
  for (const [n, kind] of factKinds.entries()) await writeFact(write, kind, n)
  for (const [n, { request }] of grants.slice(0, 5).entries())
    await writeExtension(write, request, grants[n + 4]?.id ?? '', n)
  for (const [n, { request }] of grants.slice(2, 6).entries())
    await write(
      `insert into break_glass_uses (request_id, used_by_id, used_at, past, reviewed_at, reviewed_by_kind,
         reviewed_by_id, reviewed_by_name, note) values ($1, 'rob', $2, $3::text[]::safeguard[], $4, $5, $6, $7, $8)`,
      request,
      moments[0],
      ['LOCKDOWN', 'APPROVAL'].slice(n % 3),
      ...(n < 2 ? [null, null, null, null, null] : [moments[1], 'PERSON', odd(n), odd(n + 1), odd(n + 2)]),
    )
  for (const [n, machine] of machines.slice(0, 6).entries()) await writeLockdown(write, machine, n)
  await writeOddTemplates(write)
  for (const [n, scope] of ['/', `/subscriptions/${accounts[0]}`, (machines[2] as Machine).group].entries())
    await write(
      `insert into custom_roles (id, name, description, scope, actions, created_at, created_by_kind, created_by_id,
         created_by_name, updated_at) values ($1, $2, $3, $4, $5, gateway_now(), 'PROGRAM', $6, $7, gateway_now())`,
      customRoleId(n),
      odd(n),
      n === 1 ? '' : odd(n + 1),
      scope,
      Object.values(actions).slice(n, n * 3 + 1),
      odd(n + 2),
      odd(n + 3),
    )
  for (const [n, scope] of [
    '/',
    ...machines.slice(0, 3).map(({ group }) => group),
    `/subscriptions/${accounts[1]}`,
  ].entries())
    await write(
      `insert into role_assignments (id, principal_kind, principal_id, role, scope, assigned_at, assigned_by_id)
       values (gen_random_uuid(), $1, $2, $3, $4, gateway_now(), 'ada')`,
      ['USER', 'GROUP', 'APP_ROLE'][n % 3],
      odd(n),
      ['READER', 'OPERATOR', 'REQUESTER'][n % 3],
      scope,
    )
  for (const [n, endsAt] of [null, '2026-11-25T13:00:00Z', '2026-11-25T12:00:00Z'].entries())
    await write(
      `insert into role_assignments (id, principal_kind, principal_id, custom_role_id, scope, assigned_at,
         assigned_by_id, ends_at) values (gen_random_uuid(), 'GROUP', $1, $2, $3, gateway_now(), 'ada', $4)`,
      odd(n),
      customRoleId(n),
      (machines[2] as Machine).group,
      endsAt,
    )
}

/** Some wait for all kinds of approvers, some were decided on, some came with a ticket. */
async function writeRequest(write: Write, request: string, n: number): Promise<void> {
  if (n % 3 > 0)
    await write(
      'update requests set ticket_id = $2, ticket_system = $3 where id = $1',
      request,
      odd(n),
      [null, odd(n)][n % 2],
    )
  if (n % 4 === 3)
    await write(
      `insert into request_decisions (request_id, actor_kind, actor_id, actor_name, verdict, reason, decided_at, grant_ids)
       select r.id, 'PERSON', a, $2, 'APPROVED', $3, gateway_now(), array(select id from grants where request_id = r.id)
       from requests r, unnest(array['rob', 'max', $4]) a where r.id = $1`,
      request,
      odd(n),
      [null, odd(n + 1)][n % 2],
      'odile',
    )
  if (n % 2 === 0) return
  const waiting = randomUUID()
  await write(
    `insert into requests (id, requester_kind, requester_id, requester_name, status, requested_at, starts_at, decide_by,
       look_at)
     select $2, requester_kind, requester_id, requester_name, 'PENDING_APPROVAL', gateway_now(), $3, gateway_now(),
       gateway_now() from requests where id = $1`,
    request,
    waiting,
    moments[n % 3],
  )
  await write(
    `insert into grants (id, request_id, vm_id, account_id, resource_group_id, requester_id, requester_name, port,
       protocol, sources, state, requested_at, duration_seconds, open_by, latest_end, starts_at, approvals_needed)
     select $2, $3, vm_id, account_id, resource_group_id, requester_id, requester_name, 23, 'TCP', '{}',
       'PENDING_APPROVAL', gateway_now(), 600, gateway_now(), gateway_now(), $4, 2 from grants where request_id = $1`,
    request,
    randomUUID(),
    waiting,
    moments[n % 3],
  )
  await write(
    `insert into awaited_approvals (grant_id, request_id, requester_id, vm_id, account_id, resource_group_id,
       approver_kind, approver_id)
     select g.id, request_id, requester_id, vm_id, account_id, resource_group_id, a.kind, a.id
     from grants g, jsonb_to_recordset($2) as a(kind approver_kind, id text) where request_id = $1`,
    waiting,
    JSON.stringify(
      [
        { kind: 'ROLE', id: '' },
        { kind: 'USER', id: 'rob' },
        { kind: 'GROUP', id: 'say "no"' },
        { kind: 'APP_ROLE', id: 'Approver' },
      ].slice((n - 1) % 4),
    ),
  )
}

type Write = (text: string, ...values: unknown[]) => Promise<unknown>

async function writeMachine(write: Write, { id, account, boundary, policy }: Machine, n: number): Promise<void> {
  const tags = n % 3 === 0 ? {} : { [odd(n)]: odd(n + 1), b: odd(n + 2), a: '' }
  await write(
    `update virtual_machines set name = $2, tags = $3, os = $4, power = $5, unsupported_reason = $6, gone_at = $7,
    location = $8 where id = $1`,
    id,
    `${odd(n)}${String(n)}`,
    JSON.stringify(tags),
    [null, 'LINUX', 'WINDOWS'][n % 3],
    ['RUNNING', 'UNKNOWN', 'DEALLOCATED'][n % 3],
    n === 4 ? 'CLASSIC' : null,
    n === 5 ? moments[0] : null,
    odd(n + 3),
  )
  const rules = ['JitGateway-Allow-1', 'allow', odd(n)].slice(0, n % 4).map((name, priority) => ({
    name,
    description: odd(n + priority),
    priority: 300 - priority,
    access: 'ALLOW',
    protocol: ['TCP', 'ANY', 'OTHER'][priority],
    sources: ['*', odd(n)],
    sourcePorts: [],
    destinations: [],
    ports:
      priority === 1
        ? []
        : [
            { first: 22, last: 22 },
            { first: 0, last: 65_535 },
          ],
    ...(priority === 1 ? { translatesTo: { address: odd(n), port: 22 } } : {}),
  }))
  await write(
    `update boundaries set rules = $2, gone_at = $3, kind = $4, public_addresses = $5 where id = $1`,
    boundary,
    JSON.stringify(rules),
    n === 6 ? moments[1] : null,
    n % 4 === 1 ? 'AZURE_FIREWALL' : 'NETWORK_SECURITY_GROUP',
    n % 4 === 1 ? ['198.51.100.7', odd(n)] : [],
  )
  await write(
    `insert into boundary_reconciles (boundary_id, account_id, next_run_at, last_error_code, last_error_message)
    values ($1, $2, $3, $4, $5)`,
    boundary,
    account,
    moments[n % 3],
    ...(n % 2 === 0 ? [null, null] : ['Conflict', odd(n)]),
  )
  for (const [place, own] of [boundary, null].entries())
    await write(
      `insert into virtual_machine_interfaces (id, vm_id, account_id, "primary", addresses, public_addresses,
      subnet_boundary_id, own_boundary_id, network_boundary_id, generation)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)`,
      `${id}/nic-${String(place)}`,
      id,
      account,
      place === 0,
      ['10.0.0.4', '10.0.0.5'].slice(place),
      place === 0 ? ['198.51.100.1'] : [],
      n % 2 === 0 ? boundary : null,
      own,
      n % 4 === 1 ? boundary : null,
    )
  for (const [port, seconds] of [
    [22, 300],
    [3389, 86_400],
    [5985, 3_661],
    [80, 5_400],
    [81, 3_600],
  ] as const)
    await write(
      `insert into policy_ports (policy_id, port, protocol, allowed_sources, maximum_duration_seconds)
      values ($1, $2, 'TCP', $3, $4)`,
      policy,
      port,
      port === 22 ? ['0.0.0.0/0', '2001:db8::/32'] : [],
      seconds,
    )
  if (n % 2 === 1) {
    await write(
      `insert into boundary_shadows (boundary_id, vm_id, port, protocol, rule_name) values ($1, $2, 22, 'TCP', $3)`,
      boundary,
      id,
      odd(n),
    )
    await write(
      `insert into reported_exposures (vm_id, port, protocol, guarded, boundary_id, rule_name, found_at)
       values ($1, $2, 'TCP', $3, $4, $5, $6)`,
      id,
      n % 3 === 0 ? 22 : 3_389,
      n % 3 === 0,
      n === 1 ? null : boundary,
      n === 1 ? null : odd(n),
      moments[0],
    )
    await write('insert into open_ports (vm_id, ports, exposed) values ($1, $2, $3)', id, openPorts(boundary, n), '[]')
  }
  if (n % 3 > 0) {
    const { approval, justification, ticket } = terms(n)
    await write(
      `update policies set approval = $2, justification_required = $3, justification_pattern = $4, ticket_required = $5
       where id = $1`,
      policy,
      JSON.stringify(approval),
      justification.required,
      justification.pattern,
      ticket.required,
    )
    await write(
      'update policy_ports set approval = $2 where policy_id = $1 and port > 80',
      policy,
      JSON.stringify(terms(2).approval),
    )
  }
  if (n === 7) await write('update policies set disabled_at = gateway_now(), version = 2 where id = $1', policy)
}

function openPorts(boundary: string, n: number): string {
  const rules = [boundary, '/not/there'].map((boundaryId, place) => ({ boundaryId, ruleName: odd(n + place) }))
  return JSON.stringify([
    { first: 1, last: 65_535, protocol: 'UDP', rules: [], managementPorts: [] },
    { first: 22, last: 22, protocol: 'TCP', rules: rules.slice(0, n), managementPorts: [22] },
    { first: 3_000, last: 6_000, protocol: 'ANY', rules, managementPorts: [3_389, 5_985, 5_986] },
  ])
}

async function writeGrant(write: Write, id: string, { boundary }: Machine, n: number): Promise<void> {
  await write(
    `update grants set sources = $2, port = $3, drifted = $4 where id = $1`,
    id,
    n % 2 === 0 ? [] : ['192.0.2.0/24', '::1/128'],
    22 + n,
    n % 2 === 1,
  )
  const steps = [
    `state = 'ACTIVE', activated_at = gateway_now(), ends_at = gateway_now() + interval '1 hour'`,
    `state = 'CLOSING', closing_at = gateway_now() - interval '${String(n * 700)} seconds', end_reason = 'REVOKED', close_attempts = 2, last_close_error = 'odd "error"'`,
    `state = 'CLOSED', closed_at = gateway_now()`,
  ].slice(0, n % 4)
  for (const step of steps) await write(`update grants set ${step} where id = $1`, id)
  if (n === 8)
    await write(
      `update grants set state = 'OPEN_FAILED', fault_code = 'Odd', fault_message = $2 where id = $1`,
      id,
      odd(3),
    )
  if (n % 3 > 0)
    await write(
      `insert into enforcements (grant_id, boundary_id, status, rule_name, observed_at, public_address, public_port)
      values ($1, $2, $3, $4, $5, $6, $7)`,
      id,
      boundary,
      ['UNKNOWN', 'OPEN', 'SHARED'][n % 3],
      n % 3 === 1 ? null : odd(n),
      moments[n % 3],
      ...(n % 2 === 1 ? ['198.51.100.7', 20_022] : [null, null]),
    )
}

/** Has the request of one grant be an extension of another: done, asked for a while or to a moment, or not done. */
async function writeExtension(write: Write, requestId: string, grantId: string, n: number): Promise<void> {
  const done = n % 2 === 0
  await write(
    `insert into extensions (request_id, grant_id, duration_seconds, ends_at, previous_ends_at, extended_at, extended_to)
     values ($1, $2, $3, $4, $5, $6, $6)`,
    requestId,
    grantId,
    n % 3 === 0 ? null : 3_600 + n,
    n % 3 === 0 ? moments[1] : null,
    moments[0],
    done ? moments[1] : null,
  )
  if (done) await write('update grants set extended_at = $2 where id = $1', grantId, moments[1])
}

async function writeLockdown(write: Write, { id, account, group }: Machine, n: number): Promise<void> {
  const [scope, ...place] = (
    [
      ['/', null, null, null],
      [`/subscriptions/${account}`, account, null, null],
      [group, account, group, null],
      [id, account, group, id],
    ] as const
  )[n % 4] as readonly [string, ...(string | null)[]]
  await write(
    `insert into lockdowns (id, scope, account_id, resource_group_id, vm_id, reason, began_at, began_by_kind, began_by_id,
       began_by_name, grants_ended, lifted_at, lifted_by_kind, lifted_by_id, lifted_by_name)
     values (gen_random_uuid(), $1, $2, $3, $4, $5, $6, 'PERSON', $7, $8, $9, $10, $11, $12, $13)`,
    scope,
    ...place,
    odd(n),
    moments[n % 2],
    odd(n + 1),
    odd(n + 2),
    n,
    ...(n < 3 ? [null, null, null, null] : [moments[0], 'PROGRAM', odd(n + 3), odd(n + 4)]),
  )
}

async function writeFact(write: Write, kind: FactKind, n: number): Promise<void> {
  const machine = machines[n % machines.length] as Machine
  const grant = grants[n % grants.length]
  const [about, of] = [n % 4 > 0, n % 3 > 0]
  await write(
    `insert into activities (kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id, boundary_id,
       policy_id, request_id, grant_id, requester_id, correlation_id, detail)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    kind,
    ['PERSON', 'PROGRAM', 'GATEWAY'][n % 3],
    odd(n + 1),
    odd(n),
    machine.account,
    about ? machine.group : null,
    about ? machine.id : null,
    of ? machine.boundary : null,
    of ? machine.policy : null,
    of ? grant?.request : null,
    of ? grant?.id : null,
    of ? grant?.requester : null,
    n % 5 === 0 ? odd(n) : null,
    JSON.stringify(details[kind]),
  )
}

/** Ids of all there is by type, and of what is not there. */
export async function idsOf({ pool }: Store): Promise<Record<string, string[]>> {
  const positions = await pool.query<{ position: string }>('select position from activities')
  const lockdowns = await pool.query<{ id: string }>('select id from lockdowns')
  const assignments = await pool.query<{ id: string }>('select id from role_assignments')
  const all: [NodeType, string][] = [
    ...machines.flatMap(({ id, boundary, policy }): [NodeType, string][] => [
      ['VirtualMachine', id],
      ['Boundary', boundary],
      ['Policy', policy],
    ]),
    ...grants.flatMap(({ id, request }): [NodeType, string][] => [
      ['Grant', id],
      ['Request', request],
    ]),
    ...templateIds.map((id): [NodeType, string] => ['PolicyTemplate', id]),
    ...accounts.map((id): [NodeType, string] => ['Account', id]),
    ...positions.rows.map(({ position }): [NodeType, string] => ['Activity', position]),
    ...lockdowns.rows.map(({ id }): [NodeType, string] => ['Lockdown', id]),
    ...assignments.rows.map(({ id }): [NodeType, string] => ['RoleAssignment', id]),
    ...[...roleNames, ...[0, 1, 2, 3].map(customRoleId)].map((id): [NodeType, string] => ['Role', id]),
    ['Grant', '00000000-0000-4000-8000-000000000000'],
  ]
  const byType = Object.groupBy(all, ([type]) => type)
  return Object.fromEntries(
    Object.entries(byType).map(([type, ids]) => [type, ids.map(([, id]) => globalId(type as NodeType, id))]),
  )
}
