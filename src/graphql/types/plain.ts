import type { ExtensionOffer as ExtensionOfferShape } from '../../access/extension.ts'
import type { CloudFault, Refusal as RefusalShape } from '../../access/facts.ts'
import type { Actor as ActorShape } from '../../access/words.ts'
import type { ApprovalRule, Approver } from '../../access/approval.ts'
import type { Ticket as TicketShape } from '../../access/ticket.ts'
import { ActorKind, ApproverKindEnum, PolicyConstraintEnum, Protocol, UserErrorCode } from '../enums.ts'
import { column, list, nullable, plainList, plainOne, plainOrNull, value } from '../read/fields.ts'
import { plain } from '../read/plain.ts'
import { elementsSql, textsSql } from '../read/sql.ts'

const rule = 'Visible with what it is part of.'

export const Actor = plain<ActorShape>({
  name: 'Actor',
  description: 'Who did something.',
  rule,
  fields: {
    kind: column(ActorKind, 'Whether a person, a program or the gateway itself.', 'kind'),
    id: column('String', 'Stable id at the identity provider.', 'id'),
    name: column('String', 'What a person reads.', 'name'),
  },
})

export const Failure = plain<CloudFault>({
  name: 'Failure',
  description: 'Why something could not be done at the cloud.',
  rule,
  fields: {
    code: column('String', "The cloud's code, or one of the gateway's.", 'code'),
    message: column('String', 'In words that a person can act on.', 'message'),
  },
})

/** An offer of an extension, with the fields under their names in the API. */
export interface ShownOffer extends Omit<ExtensionOfferShape, 'longestSeconds'> {
  readonly longest: number
}

export const ExtensionOffer = plain<ShownOffer>({
  name: 'ExtensionOffer',
  description: 'How far a grant can be extended as the policy of its machine stood, and what it takes.',
  rule,
  fields: {
    longest: column('Duration', 'The longest window that can be asked for, counted from the extension.', 'longest'),
    until: column('DateTime', 'The end that it would have by an extension at that moment.', 'until'),
    needsApproval: column('Boolean', 'Whether it has to be approved before it takes effect.', 'needs_approval'),
    needsJustification: column('Boolean', 'Whether a justification has to be given.', 'needs_justification'),
    needsTicket: column('Boolean', 'Whether a ticket has to be named.', 'needs_ticket'),
  },
})

export const Refusal = plain<RefusalShape>({
  name: 'Refusal',
  description: 'Why what was asked for did not pass when it was evaluated again.',
  rule,
  fields: {
    code: value(UserErrorCode, 'For programs.', (row) => `${row}.value->>'code'`),
    constraint: value(
      PolicyConstraintEnum,
      'The constraint of the policy that failed; null when it was none.',
      (row) => `${row}.value->>'constraint'`,
      nullable,
    ),
    message: value('String', 'For a person to read.', (row) => `${row}.value->>'message'`),
    allowed: value(
      'String',
      'What would have passed; may be empty.',
      (row) => textsSql(`${row}.value->'allowed'`),
      list,
    ),
    asked: value(
      'String',
      'What was asked; null when no constraint failed.',
      (row) => `${row}.value->>'asked'`,
      nullable,
    ),
  },
})

export const Ticket = plain<TicketShape>({
  name: 'Ticket',
  description: 'The ticket that a request is for.',
  rule,
  fields: {
    id: column('String', 'Its number, as its system writes it.', 'id'),
    system: column('String', 'The system it is of; null when not said.', 'system', nullable),
  },
})

plain<Approver>({
  name: 'Approver',
  description: 'Somebody, or everybody of a kind, who may decide on requests.',
  rule,
  fields: {
    kind: value(ApproverKindEnum, 'Of what kind.', (row) => `${row}.value->>'kind'`),
    id: value(
      'String',
      'Whom, by the id at the identity provider, or the name of an app role; null for ROLE.',
      (row) => `nullif(${row}.value->>'id', '')`,
      nullable,
    ),
  },
})

/** An approval rule, with the fields under their names in the API. */
export interface ShownApprovalRule extends Omit<ApprovalRule, 'decideWithinSeconds'> {
  readonly decideWithin: number
}

export const ApprovalRuleType = plain<ShownApprovalRule>({
  name: 'ApprovalRule',
  description: 'Who has to approve what is asked of a port before it may open.',
  rule,
  fields: {
    approvalsNeeded: value(
      'Int',
      'How many different approvers; 0: nobody has to.',
      (row) => `(${row}.value->>'approvalsNeeded')::int`,
    ),
    approvers: plainList(
      'Approver',
      'Who may approve; at most 50, in no order that matters.',
      (row) => elementsSql(`${row}.value->'approvers'`),
      (approver) => `${approver}.n`,
    ),
    decideWithin: value(
      'Duration',
      'How long a request waits for them.',
      (row) => `(${row}.value->>'decideWithinSeconds')::int`,
    ),
  },
})

/** A field that is the approval rule which `json` is of a row; null where that is. */
export const approvalField = (description: string, json: (row: string) => string) =>
  plainOrNull(
    'ApprovalRule',
    description,
    (row) => `(select ${json(row)} as value)`,
    (made) => `jsonb_typeof(${made}.value) = 'object'`,
  )

plain({
  name: 'TextRule',
  description: 'What a policy asks of a text that comes with a request.',
  rule,
  fields: {
    required: column('Boolean', 'Whether it must be there.', 'required'),
    pattern: column(
      'String',
      'What the whole of it must match, where it is there; null leaves it to its writer.',
      'pattern',
      nullable,
    ),
  },
})

/** A field that is a rule of a text, as the JSON that `json` is of a row has it; what is not there asks nothing. */
export const textRuleField = (description: string, json: (row: string) => string) =>
  plainOne(
    'TextRule',
    description,
    (row) => `(select coalesce((${json(row)}->>'required')::boolean, false) as required,
      ${json(row)}->>'pattern' as pattern)`,
  )

/** The fields of a protected port that is kept as JSON. */
const portFields = {
  port: value('Int', '1 to 65535.', (row) => `(${row}.value->>'port')::int`),
  protocol: value(Protocol, 'What the port speaks.', (row) => `${row}.value->>'protocol'`),
  allowedSources: value(
    'CIDR',
    'Ranges that a source must lie in.',
    (row) => textsSql(`${row}.value->'allowedSources'`),
    list,
  ),
  maximumDuration: value(
    'Duration',
    'The longest window that can be asked for.',
    (row) => `(${row}.value->>'maximumDurationSeconds')::int`,
  ),
  approvalRule: approvalField(
    'Who has to approve what is asked of it; null: as is said for all ports.',
    (row) => `${row}.value->'approval'`,
  ),
}

plain({
  name: 'RecordedPort',
  description: 'A protected port as a policy had it at that moment.',
  rule,
  fields: portFields,
})

plain({
  name: 'TemplatePort',
  description: 'A port that a template protects, and what may be asked of it.',
  rule,
  fields: portFields,
})
