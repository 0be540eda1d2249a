import { actions } from '../../access/role.ts'
import { builder } from '../builder.ts'
import type { Connection } from '../read/description.ts'
import { entity } from '../read/entity.ts'
import { column, instant, nullable, plainOne, plainOrNull, value } from '../read/fields.ts'
import { placeOf, within } from '../read/parameters.ts'
import { actorSql } from '../read/sql.ts'
import './plain.ts'

entity({
  name: 'Lockdown',
  description:
    'A scope in which nothing may be open: its grants were ended at once, and none may be asked for until it is lifted.',
  table: 'lockdowns',
  key: { column: 'id', type: 'uuid' },
  authorisation: {
    rule: `Whoever may do ${actions.readLockdown} at its scope.`,
    where: (row, parameters) => within(parameters, actions.readLockdown, placeOf(row)),
  },
  fields: {
    scope: column('String', 'Where: a lower-cased path; `/` is everything.', 'scope'),
    reason: column('String', 'Why, in the words of whoever locked it down.', 'reason'),
    beganAt: instant('When it began.', 'began_at'),
    beganBy: plainOne('Actor', 'Who locked it down.', (row) =>
      actorSql(`${row}.began_by_kind`, `${row}.began_by_id`, `${row}.began_by_name`),
    ),
    grantsEnded: column('Int', 'How many grants it ended.', 'grants_ended'),
    liftedAt: instant('When it was lifted; null while it is in force.', 'lifted_at', nullable),
    liftedBy: plainOrNull(
      'Actor',
      'Who lifted it; null while it is in force.',
      (row) => actorSql(`${row}.lifted_by_kind`, `${row}.lifted_by_id`, `${row}.lifted_by_name`),
      (actor) => `${actor}.id is not null`,
    ),
    viewerCanLift: value(
      'Boolean',
      'Whether the viewer may lift it now.',
      (row, parameters) => `(${row}.lifted_at is null and ${within(parameters, actions.liftLockDown, placeOf(row))})`,
    ),
  },
})

const LockdownFilter = builder.inputType('LockdownFilter', {
  description: 'Narrows lockdowns: every part that is given must hold.',
  fields: (t) => ({
    includeLifted: t.boolean({ description: 'Also those that are no longer in force.' }),
  }),
})

/** Lockdowns in force, the newest first. */
export const lockdownPage: Connection = {
  kind: 'connection',
  of: 'Lockdown',
  description: 'Lockdowns in force, the newest first.',
  on: () => 'true',
  orders: [
    {
      name: 'NEWEST_FIRST',
      description: 'By their beginning, the newest first.',
      direction: 'desc',
      keys: [{ type: 'uuid', sql: (row) => `${row}.id` }],
    },
  ],
  filter: {
    input: LockdownFilter,
    where: (row, filter) => (filter.shape('includeLifted') === true ? [] : [`${row}.lifted_at is null`]),
  },
}
