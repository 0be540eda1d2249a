import { roleFactKinds } from '../../access/fact-kinds.ts'
import { actions } from '../../access/role.ts'
import { ActivityKind } from '../activity-kind.ts'
import type { RowSql } from '../read/description.ts'
import { entityInterface } from '../read/entity.ts'
import { column, instant, nullable, one, plainOne, value } from '../read/fields.ts'
import { placeOf, viewerId, within } from '../read/parameters.ts'
import { actorSql } from '../read/sql.ts'
import { activityCursorSql } from './activity-cursor.ts'
import { activityVariants } from './activity-variants.ts'
import './plain.ts'

/** Facts about roles say who may do what: they ask for more than the log does. */
const mayReadRoles: RowSql = (row, parameters) =>
  `(${row}.kind not in (${roleFactKinds.map((kind) => `'${kind}'`).join(', ')})
    or ${within(parameters, actions.readRole, placeOf(row))})`

entityInterface({
  name: 'Activity',
  description: 'A fact: something that happened, as it was when it happened. Facts are never changed.',
  // Below the oldest running transaction: a cursor taken from an answer never skips what is committed after it.
  table: '(select * from activities where transaction < pg_snapshot_xmin(pg_current_snapshot()))',
  key: { column: 'position', type: 'bigint' },
  authorisation: {
    rule:
      `Whoever it was asked for by, and whoever may do ${actions.readActivity} where it happened; ` +
      `facts about roles ask for ${actions.readRole} besides.`,
    where: (row, parameters) =>
      `((${row}.requester_id = ${viewerId(parameters)} or ${within(parameters, actions.readActivity, placeOf(row))})
        and ${mayReadRoles(row, parameters)})`,
  },
  fields: {
    kind: column(ActivityKind, 'What happened.', 'kind'),
    at: instant('When it was recorded.', 'at'),
    cursor: value('String', 'Its place in the log: the subscription can go on from here. Opaque.', (row) =>
      activityCursorSql(`${row}.transaction`, `${row}.position`),
    ),
    actor: plainOne('Actor', 'Who did it.', (row) =>
      actorSql(`${row}.actor_kind`, `${row}.actor_id`, `${row}.actor_name`),
    ),
    correlationId: column(
      'String',
      "The cloud's own id of the write it came from; null when it came from none.",
      'correlation_id',
      nullable,
    ),
    virtualMachine: one(
      'VirtualMachine',
      'The machine it is about, as it is now; null when it is about none, or the viewer may not see it.',
      (row, vm) => `${vm}.id = ${row}.vm_id`,
    ),
    boundary: one(
      'Boundary',
      'The boundary it is about, as it is now; null when it is about none, or the viewer may not see it.',
      (row, boundary) => `${boundary}.id = ${row}.boundary_id`,
    ),
    policy: one(
      'Policy',
      'The policy it is about, as it is now; null when it is about none, or the viewer may not see it.',
      (row, policy) => `${policy}.id = ${row}.policy_id`,
    ),
    request: one(
      'Request',
      'The request it is about, as it is now; null when it is about none, or the viewer may not see it.',
      (row, request) => `${request}.id = ${row}.request_id`,
    ),
    grant: one(
      'Grant',
      'The grant it is about, as it is now; null when it is about none, or the viewer may not see it.',
      (row, grant) => `${grant}.id = ${row}.grant_id`,
    ),
    account: one(
      'Account',
      'The account it happened in; null when it happened in none, or the viewer may not see it.',
      (row, account) => `${account}.id = ${row}.account_id`,
    ),
  },
  variants: activityVariants,
})
