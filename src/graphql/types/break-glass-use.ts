import { actions } from '../../access/role.ts'
import { Safeguard } from '../enums.ts'
import type { RowSql } from '../read/description.ts'
import { part } from '../read/entity.ts'
import { column, instant, list, nullable, plainOrNull } from '../read/fields.ts'
import { placeOf, viewerId, within } from '../read/parameters.ts'
import { actorSql } from '../read/sql.ts'
import './plain.ts'

part({
  name: 'BreakGlassUse',
  description: 'That a request was made by break-glass, and what was found of it afterwards.',
  table: 'break_glass_uses',
  authorisation: { rule: 'Visible with its request.', where: () => 'true' },
  fields: {
    past: column(Safeguard, 'What it went past; empty when nothing stood in its way.', 'past', list),
    reviewedAt: instant('When it was reviewed; null while it is to be.', 'reviewed_at', nullable),
    reviewedBy: plainOrNull(
      'Actor',
      'Who reviewed it; null while it is to be.',
      (row) => actorSql(`${row}.reviewed_by_kind`, `${row}.reviewed_by_id`, `${row}.reviewed_by_name`),
      (actor) => `${actor}.id is not null`,
    ),
    note: column('String', 'What was found; null while it is to be reviewed.', 'note', nullable),
  },
})

/** Whether the request `row` was made by break-glass and nobody has looked into it. */
export const awaitsReview = (row: string) =>
  `${row}.id in (select b.request_id from break_glass_uses b where b.reviewed_at is null)`

/** Whether the viewer may review the request `row` now. */
export const viewerCanReview: RowSql = (row, parameters) =>
  `(${awaitsReview(row)} and ${row}.requester_id <> ${viewerId(parameters)} and not exists (select from grants g
    where g.request_id = ${row}.id and not ${within(parameters, actions.reviewBreakGlass, placeOf('g'))}))`
