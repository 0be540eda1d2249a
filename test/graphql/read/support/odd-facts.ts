import {
  factKinds,
  grantFactKinds,
  requestFactKinds,
  type FactKind,
  type GrantFactKind,
  type RequestFactKind,
} from '../../../../src/access/fact-kinds.ts'
import type { FactDetails } from '../../../../src/access/facts.ts'
import { machines, type Machine } from '../../support/two-accounts.ts'
import { oddTemplate } from './odd-templates.ts'
import { customRoleDetail, moments, odd, recordedPorts, terms } from './odd-values.ts'

const refusals = [
  { code: 'POLICY_VIOLATION', constraint: 'DURATION', message: odd(2), allowed: ['PT1H', odd(4)], asked: odd(3) },
  { code: 'CONFLICT', constraint: null, message: odd(6), allowed: [], asked: null },
]

const grantDetails = Object.fromEntries(grantFactKinds.map((kind) => [kind, grantDetail(kind)])) as unknown

const requestDetails = Object.fromEntries(requestFactKinds.map((kind, n) => [kind, requestDetail(n)])) as unknown

/** What facts carry, by their kind: every nullable part is null somewhere. */
export const details: Readonly<FactDetails> = {
  ...(grantDetails as Pick<FactDetails, GrantFactKind>),
  ...(requestDetails as Pick<FactDetails, RequestFactKind>),
  VirtualMachineFound: { name: odd(4) },
  VirtualMachineChanged: { name: odd(5) },
  AccountRegistered: { name: odd(2) },
  VirtualMachineGone: { name: odd(3) },
  PolicyCreated: { version: 1, ports: recordedPorts(), ...terms(0) },
  PolicyUpdated: { version: 2, template: odd(6), ports: [], ...terms(1) },
  PolicyDisabled: { version: 3, ports: recordedPorts().slice(1), ...terms(2) },
  BreakGlassUsed: { justification: odd(2), past: ['APPROVAL', 'LOCKDOWN'], note: null },
  BreakGlassReviewed: { justification: odd(3), past: [], note: odd(6) },
  LockdownBegan: { scope: '/', reason: odd(2) },
  LockdownLifted: { scope: (machines[1] as Machine).group, reason: odd(3) },
  BoundaryWritten: { added: [odd(2), odd(6)], removed: [] },
  BoundaryWriteFailed: { fault: { code: 'Odd', message: odd(3) }, attempts: 3 },
  ExposureFound: { port: 22, protocol: 'TCP', ruleName: odd(6) },
  ExposureCleared: { port: 3389, protocol: 'ANY', ruleName: null, guarded: false },
  ForeignRuleTaken: { ruleName: 'sg-1/sgr-1', admits: 'tcp 22-22 0.0.0.0/0', description: odd(4) },
  ForeignRuleReturned: { ruleName: 'sg-1/sgr-2', admits: '-1 -1--1 pl-1', description: null },
  RoleAssigned: { role: 'READER', principalKind: 'GROUP', principalId: odd(2), scope: '/' },
  AccountUpdated: { name: odd(3), driftResponse: 'REPORT' },
  RuleDrifted: {
    ruleName: 'JitGateway-Allow-1',
    change: 'EDITED',
    before: null,
    after: {
      name: 'JitGateway-Allow-1',
      description: odd(5),
      priority: 100,
      access: 'ALLOW',
      protocol: 'TCP',
      sources: ['192.0.2.1/32', odd(2)],
      destinations: ['*'],
      ports: [{ first: 22, last: 23 }],
      translatesTo: { address: '10.0.0.4', port: 22 },
    },
    response: 'RESTORED',
  },
  RoleRemoved: { role: 'OPERATOR', principalKind: 'USER', principalId: 'rob', scope: (machines[0] as Machine).id },
  RoleExpired: { role: odd(3), principalKind: 'APP_ROLE', principalId: odd(4), scope: '/', endsAt: moments[1] ?? null },
  CustomRoleCreated: customRoleDetail(1),
  CustomRoleUpdated: customRoleDetail(2),
  CustomRoleRemoved: customRoleDetail(0),
  PolicyTemplateCreated: oddTemplate(0),
  PolicyTemplateUpdated: oddTemplate(1),
  PolicyTemplateRemoved: oddTemplate(2),
}

function grantDetail(kind: FactKind) {
  const n = factKinds.indexOf(kind)
  return {
    state: ['OPENING', 'ACTIVE', 'CLOSED'][n % 3],
    port: 22 + n,
    protocol: ['TCP', 'UDP', 'ANY'][n % 3],
    sources: n % 2 === 0 ? [] : ['192.0.2.0/24', '2001:db8::/32'],
    endsAt: moments[n % 3],
    startsAt: moments[(n + 1) % 3],
    refusals: n % 2 === 0 ? [] : refusals,
    endReason: [null, 'TIME_UP', 'REVOKED'][n % 3],
    fault: n % 2 === 0 ? null : { code: 'Odd', message: odd(n) },
    ...(n % 3 === 0 ? {} : { breakGlass: n % 3 === 1 }),
    ...(kind === 'GrantExtended' ? { previousEndsAt: moments[0] } : {}),
    ...(kind === 'GrantEndsSoon'
      ? {
          extension: {
            longestSeconds: 3_661,
            until: moments[1],
            needsApproval: true,
            needsJustification: false,
            needsTicket: true,
          },
        }
      : {}),
  }
}

function requestDetail(n: number) {
  return {
    status: ['PENDING_APPROVAL', 'APPROVED', 'LAPSED'][n % 3],
    justification: n % 2 === 0 ? null : odd(n),
    ticket: [null, { id: odd(n), system: null }, { id: odd(n + 1), system: odd(n) }][n % 3],
    grants: n,
    startsAt: moments[n % 3],
    decideBy: moments[(n + 1) % 3],
    vmIds: machines.slice(0, n % 3).map(({ id }) => id),
    awaited: [{ approvers: [{ kind: 'USER', id: 'rob' }], vmIds: machines.slice(0, 1).map(({ id }) => id) }],
    deciders: ['max'].slice(n % 2),
    verdict: [null, 'APPROVED', 'DENIED'][n % 3],
    reason: n % 2 === 0 ? null : odd(n + 2),
    counted: n % 3 > 0,
  }
}
