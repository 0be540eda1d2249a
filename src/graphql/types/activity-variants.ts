import { grantFactKinds, requestFactKinds } from '../../access/fact-kinds.ts'
import { DriftResponse, EndReason, GrantState, RequestStatus, Safeguard, Verdict } from '../enums.ts'
import { addresses, list, nullable, one, plainList, plainOrNull, value } from '../read/fields.ts'
import { elementsSql, isFailure, isTicket, ticketSql } from '../read/sql.ts'
import { fault, int, name, port, protocol, text, texts, variant } from './activity-detail.ts'
import { policyVariants } from './policy-activity.ts'
import { roleVariants } from './role-activity.ts'
import { ruleDriftActivity } from './rule-drift-activity.ts'

const isBreakGlass = (row: string) => `coalesce((${row}.detail->>'breakGlass')::boolean, false)`
const isOffered = (made: string) => `${made}.longest is not null`

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
    previousEndsAt: value(
      'DateTime',
      'The end before an extension; null for any other step.',
      text('previousEndsAt'),
      nullable,
    ),
    extension: plainOrNull(
      'ExtensionOffer',
      'How far its holder could extend it when its end was announced; null for any other step, and when it could not be.',
      (row) => `(select e->>'until' as until, (e->>'longestSeconds')::int as longest,
          (e->>'needsApproval')::boolean as needs_approval,
          (e->>'needsJustification')::boolean as needs_justification, (e->>'needsTicket')::boolean as needs_ticket
        from (select ${row}.detail->'extension' as e) d)`,
      isOffered,
    ),
    breakGlass: value('Boolean', 'Whether it was asked for by break-glass.', isBreakGlass),
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
    extendedGrant: one(
      'Grant',
      'The grant of which it asked for a later end; null when it asked for grants, or the viewer may not see it.',
      (row, grant) => `${grant}.id = (${row}.detail->>'extends')::uuid`,
    ),
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
    'BreakGlassActivity',
    'Ports of a machine were opened by break-glass, or that was reviewed.',
    ['BreakGlassUsed', 'BreakGlassReviewed'],
    {
      justification: value('String', 'Why it was used; never null.', text('justification'), nullable),
      past: value(Safeguard, 'What it went past; empty when nothing stood in its way.', texts('past'), list),
      note: value('String', 'What the review found; null until then.', text('note'), nullable),
    },
  ),
  variant('LockdownActivity', 'A scope was locked down, or it was lifted.', ['LockdownBegan', 'LockdownLifted'], {
    scope: value('String', 'Where: a lower-cased path; `/` is everything.', text('scope')),
    reason: value('String', 'Why it began; never null.', text('reason'), nullable),
  }),
  ...policyVariants,
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
  ...roleVariants,
  ruleDriftActivity,
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
