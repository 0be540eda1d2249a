import type { Connection } from '../read/description.ts'
import { part } from '../read/entity.ts'
import { column, instant, nullable, one } from '../read/fields.ts'
import { isLockedDown } from './locked-down.ts'

part({
  name: 'Extension',
  description: 'A later end of a grant: what was asked, and what came of it.',
  table: 'extensions',
  authorisation: { rule: 'Visible with its request or its grant.', where: () => 'true' },
  paged: true,
  fields: {
    grant: one(
      'Grant',
      'The grant; null when the viewer may not see it.',
      (row, grant) => `${grant}.id = ${row}.grant_id`,
    ),
    request: one(
      'Request',
      'The request it is; null when the viewer may not see it.',
      (row, request) => `${request}.id = ${row}.request_id`,
    ),
    duration: column(
      'Duration',
      'Length of the window asked for, counted from the extension; null when an absolute end was asked for.',
      'duration_seconds',
      nullable,
    ),
    endsAt: instant('The absolute end asked for; null when a duration was.', 'ends_at', nullable),
    previousEndsAt: instant('The end that the grant had when it was asked.', 'previous_ends_at'),
    extendedAt: instant('When it took effect; null when it has not.', 'extended_at', nullable),
    extendedTo: instant(
      'The end that the grant came to have; null when it did not take effect.',
      'extended_to',
      nullable,
    ),
  },
})

/** The extensions of a grant, the newest first. */
export const extensions: Connection = {
  kind: 'connection',
  of: 'Extension',
  description: 'What was asked to give it a later end, the newest first.',
  on: (row, extension) => `${extension}.grant_id = ${row}.id`,
  orders: [
    {
      name: 'NEWEST_FIRST',
      description: 'By the time of asking, the newest first.',
      direction: 'desc',
      keys: [{ type: 'uuid', sql: (row) => `${row}.request_id` }],
    },
  ],
}

/**
 * How far the grant `row` can be extended now, as one row or none: what `offerOf` of the access room answers for the
 * policy in force.
 */
export function offerSql(row: string): string {
  return `(select o.longest, iso(o.until) as until, o.needed > 0 as needs_approval,
      o.justification_required as needs_justification, o.ticket_required as needs_ticket
    from (
      select q.maximum_duration_seconds as longest, n.at + make_interval(secs => q.maximum_duration_seconds) as until,
        n.at, p.justification_required, p.ticket_required, q.allowed_sources, r.rule->'approvers' as approvers,
        coalesce((r.rule->>'approvalsNeeded')::int, 0) as needed
      from (select gateway_now() as at) n
      join policies p on p.vm_id = ${row}.vm_id and p.disabled_at is null
      join policy_ports q on q.policy_id = p.id and q.port = ${row}.port and q.protocol in (${row}.protocol, 'ANY')
      cross join lateral (select coalesce(q.approval, p.approval) as rule) r
    ) o
    where ${row}.state = 'ACTIVE' and ${row}.ends_at > o.at and o.until > ${row}.ends_at
      and not exists (select from unnest(${row}.sources) s
        where not exists (select from unnest(o.allowed_sources) a where s::inet <<= a::inet))
      and (o.needed = 0 or o.needed <= (select case when bool_or(a->>'kind' <> 'USER') then o.needed
          else count(*) filter (where a->>'id' <> ${row}.requester_id) end
        from jsonb_array_elements(o.approvers) a))
      and not ${isLockedDown(row, 'vm_id')})`
}
