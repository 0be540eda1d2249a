import { grantFactKinds, requestFactKinds, type FactKind } from '../../access/facts.ts'
import { builder } from '../builder.ts'
import {
  DriftResponse,
  EndReason,
  GrantState,
  PrincipalKindEnum,
  Protocol,
  RequestStatus,
  RoleName,
  Verdict,
} from '../enums.ts'
import type { Field } from '../read/description.ts'
import { addresses, list, nullable, plainList, plainOne, plainOrNull, value } from '../read/fields.ts'
import { elementsSql, failureSql, isFailure, isTicket, textsSql, ticketSql } from '../read/sql.ts'
import './boundary-rule.ts'
import { approvalField } from './plain.ts'

const text = (name: string) => (row: string) => `${row}.detail->>'${name}'`
const int = (name: string) => (row: string) => `(${row}.detail->>'${name}')::int`
const texts = (name: string) => (row: string) => textsSql(`${row}.detail->'${name}'`)
const fault = (row: string) => failureSql(`${row}.detail->'fault'->>'code'`, `${row}.detail->'fault'->>'message'`)

const textRule = (description: string, name: string) =>
  plainOne(
    'TextRule',
    description,
    (row) =>
      `(select coalesce((${row}.detail->'${name}'->>'required')::boolean, false) as required,
      ${row}.detail->'${name}'->>'pattern' as pattern)`,
  )

const recordedRule = (description: string, name: string) =>
  plainOrNull(
    'BoundaryRule',
    description,
    (row) => `(select nullif(${row}.detail->'${name}', 'null') as value)`,
    (rule) => `${rule}.value is not null`,
  )

const RuleChange = builder.enumType('RuleChange', {
  description: 'What somebody else did to a rule.',
  values: {
    REMOVED: { description: 'Took it away.' },
    EDITED: { description: 'Changed it.' },
    ADDED: { description: 'Made one up that looks like one of the gateway.' },
  },
})
const DriftAnswer = builder.enumType('DriftAnswer', {
  description: 'What the gateway did about a rule that somebody else changed.',
  values: {
    RESTORED: { description: 'Put it back as it was, or removed what was made up.' },
    REPORTED: { description: 'Left it, as its account has it or since it does no harm.' },
    CLOSED: { description: 'Ended the grants that it was for.' },
  },
})

const variant = (name: string, description: string, kinds: readonly FactKind[], fields: Record<string, Field>) => ({
  name,
  description,
  is: (row: string) => `${row}.kind in (${kinds.map((kind) => `'${kind}'`).join(', ')})`,
  fields,
})

const port = value('Int', 'The port.', int('port'))
const protocol = value(Protocol, 'What the port speaks.', text('protocol'))
const name = value('String', 'Its name at that moment.', text('name'))

/** The object types that facts are, each with what its kinds carry. */
export const activityVariants = [
  variant('GrantActivity', 'A step in the life of a grant, with the grant as it was then.', grantFactKinds, {
    state: value(GrantState, 'The state it came to.', text('state')),
    port,
    protocol,
    sources: addresses('Where from it could be reached.', (row) => `${row}.detail->'sources'`),
    endsAt: value('DateTime', 'End of the window; null while it had not begun.', text('endsAt'), nullable),
    startsAt: value('DateTime', 'When it was to open; null: as soon as it may.', text('startsAt'), nullable),
    refusals: plainList(
      'Refusal',
      'What failed when it was evaluated again before it opened; empty unless it was closed for that.',
      (row) => elementsSql(`${row}.detail->'refusals'`),
      (refusal) => `${refusal}.n`,
    ),
    endReason: value(EndReason, 'Why it ended; null until then.', text('endReason'), nullable),
    failure: plainOrNull('Failure', 'What an opening or closing met; null when nothing failed.', fault, isFailure),
  }),
  variant('RequestActivity', 'A request for access, or what became of it.', requestFactKinds, {
    justification: value('String', 'Why it was asked; null when not said.', text('justification'), nullable),
    ticket: plainOrNull(
      'Ticket',
      'The ticket it was for; null when it was for none.',
      (row) => ticketSql(`${row}.detail->'ticket'->>'id'`, `${row}.detail->'ticket'->>'system'`),
      isTicket,
    ),
    grantCount: value('Int', 'Grants that it asked for.', int('grants')),
    status: value(RequestStatus, 'What had become of it.', (row) => `coalesce(${row}.detail->>'status', 'APPROVED')`),
    startsAt: value('DateTime', 'When it was to open; null: as soon as it may.', text('startsAt'), nullable),
    decideBy: value(
      'DateTime',
      'When it was to lapse if nobody decided; null when nobody had to.',
      text('decideBy'),
      nullable,
    ),
    verdict: value(Verdict, 'What an approver said; null when none did.', text('verdict'), nullable),
    reason: value(
      'String',
      'Why, in the words of the approver, or of the gateway when it lapsed; null when not said.',
      text('reason'),
      nullable,
    ),
    counted: value(
      'Boolean',
      'False for a decision on what was decided before: it changed nothing.',
      (row) => `coalesce((${row}.detail->>'counted')::boolean, true)`,
    ),
  }),
  variant(
    'PolicyActivity',
    'A change of a policy, with what it said afterwards.',
    ['PolicyCreated', 'PolicyUpdated', 'PolicyDisabled'],
    {
      version: value('Int', 'The version of the policy.', int('version')),
      approvalRule: approvalField(
        'Who had to approve what was asked of a port without a rule of its own; null when nobody had to.',
        (row) => `${row}.detail->'approval'`,
      ),
      justificationRule: textRule('What was asked of a justification.', 'justification'),
      ticketRule: textRule('What was asked of the id of a ticket.', 'ticket'),
      closesForeignRules: value(
        'Boolean',
        'Whether foreign rules were to be taken away for it.',
        (row) => `coalesce((${row}.detail->>'closesForeignRules')::boolean, false)`,
      ),
      ports: plainList(
        'RecordedPort',
        'The ports it protected.',
        (row) => elementsSql(`${row}.detail->'ports'`),
        (port) => `${port}.n`,
      ),
    },
  ),
  variant('BoundaryActivity', 'A write to a boundary, done or refused.', ['BoundaryWritten', 'BoundaryWriteFailed'], {
    added: value('String', 'Names of the rules that were put there.', texts('added'), list),
    removed: value('String', 'Names of the rules that were taken away.', texts('removed'), list),
    failure: plainOrNull('Failure', 'Why it was refused; null when it was done.', fault, isFailure),
    attempts: value('Int', 'Attempts that failed in a row; null when it was done.', int('attempts'), nullable),
  }),
  variant(
    'ExposureActivity',
    'A port found reachable that should not be, or no longer so: a protected one through a foreign rule, or a management ' +
      'port open to any source.',
    ['ExposureFound', 'ExposureCleared'],
    {
      port,
      protocol,
      ruleName: value(
        'String',
        'The foreign rule; null when no boundary stands on a path.',
        text('ruleName'),
        nullable,
      ),
      guarded: value(
        'Boolean',
        'Whether a policy protected the port.',
        (row) => `coalesce((${row}.detail->>'guarded')::boolean, true)`,
      ),
    },
  ),
  variant(
    'ForeignRuleActivity',
    'A foreign rule taken away for a policy, or written again.',
    ['ForeignRuleTaken', 'ForeignRuleReturned'],
    {
      rule: value('String', 'The rule, as it was called when it was taken away.', text('ruleName')),
      admits: value('String', 'Protocol, ports and source, as the cloud says them.', text('admits')),
      description: value('String', 'What the rule said of itself; null when nothing.', text('description'), nullable),
    },
  ),
  variant('RoleActivity', 'A role assigned or removed.', ['RoleAssigned', 'RoleRemoved'], {
    role: value(RoleName, 'The role.', text('role')),
    principalKind: value(PrincipalKindEnum, 'To what kind of principal.', text('principalKind')),
    principalId: value('String', 'To whom, by the id at the identity provider.', text('principalId')),
    scope: value('String', 'Where.', text('scope')),
  }),
  variant(
    'RuleDriftActivity',
    'A rule of the gateway that somebody else took away, changed or made up.',
    ['RuleDrifted'],
    {
      rule: value('String', 'The rule.', text('ruleName')),
      change: value(RuleChange, 'What became of it.', text('change')),
      before: recordedRule('As the gateway had it; null when it had none of that name.', 'before'),
      after: recordedRule('As it was found; null when it was gone.', 'after'),
      response: value(DriftAnswer, 'What was done about it.', text('response')),
    },
  ),
  variant(
    'AccountActivity',
    'An account came under management, or what is kept of it was changed.',
    ['AccountRegistered', 'AccountUpdated'],
    {
      name,
      driftResponse: value(
        DriftResponse,
        'What was to be done from then on where somebody else changes rules of the gateway; null when that was not said.',
        text('driftResponse'),
        nullable,
      ),
    },
  ),
  variant(
    'VirtualMachineActivity',
    'A sync found a machine, or that it or its interfaces changed, or that it is gone.',
    ['VirtualMachineFound', 'VirtualMachineChanged', 'VirtualMachineGone'],
    { name },
  ),
]
