import { actions } from '../../access/role.ts'
import type { Field, RowSql } from '../read/description.ts'
import { part } from '../read/entity.ts'
import { one, plainOne, value } from '../read/fields.ts'
import { viewerId, within, type Parameters } from '../read/parameters.ts'
import { instantSql } from '../read/sql.ts'
import { requesterSql } from './grant.ts'
import { placeOfMachine } from './place-of-machine.ts'

part({
  name: 'LastAccess',
  description: 'The grant by which a machine was last opened for somebody.',
  table: 'grants',
  authorisation: { rule: 'Visible with its grant.', where: () => 'true' },
  fields: {
    at: value('DateTime', 'When the port was proven open.', (row) => instantSql(`${row}.activated_at`)),
    by: plainOne('Actor', 'For whom: who asked for the grant.', requesterSql),
    grant: { ...one('Grant', 'The grant.', (row, grant) => `${grant}.id = ${row}.id`), nonNull: true },
  },
})

/** Whether the viewer may see every grant of the machine `row`, and not only the own ones. */
const seesAll: RowSql = (row, parameters) => within(parameters, actions.readGrant, placeOfMachine(row))

/** Whether the grant `row` was approved and not given up before it began. */
const cameOrComes = (row: string) =>
  `${row}.state <> 'PENDING_APPROVAL' and (${row}.state <> 'CLOSED' or ${row}.closing_at is not null)`

const ownOnly = `who may not do ${actions.readGrant} at the machine sees the own only`

/**
 * What became of the latest asks for a machine. However many there ever were, an index of `grants` leads to these
 * alone: by machine and moment, or by machine, requester and moment for who may see no others.
 */
export const recentAccess: Readonly<Record<string, Field>> = {
  // By its grants: a look at each request besides would cost more than all else.
  accessRequestsLast7Days: value(
    'Int',
    'Requests for access to it that were made in the last 7 days (of 24 hours, by the clock of the database) and ' +
      'approved; one that came to its end before it began does not count. One counts once, however many ports it ' +
      'names, and one for a later end of a grant (EXTENSION) not at all: nobody was let in by it who was not. Of what ' +
      `the viewer may see: ${ownOnly}. That one has become too old is no event: a list that is kept current shows it ` +
      'with the next change of the machine.',
    // The upper end is for the planner: of a lower end alone it would think that it leaves a third of all grants. And
    // that only some count is no condition of the read, or it might begin from all that the viewer ever asked for.
    (row, parameters) => `(select count(distinct g.request_id) filter (
        where ${cameOrComes('g')} and (g.requester_id = ${viewerId(parameters)} or ${seesAll(row, parameters)}))
      from grants g where g.vm_id = ${row}.id
        and g.requested_at > (select gateway_now() - interval '168 hours')
        and g.requested_at < (select gateway_now() + interval '168 hours'))`,
    { authorisation: `Counts the requests of the viewer, and all at machines where it may do ${actions.readGrant}.` },
  ),
  lastAccess: {
    kind: 'one',
    to: 'LastAccess',
    description:
      'When a port of it was last proven open, and for whom; null when none ever was. ' +
      `Of what the viewer may see: ${ownOnly}.`,
    authorisation: `The requester of the grant, and whoever may do ${actions.readGrant} at the machine.`,
    // Each half is gated by what is known of the machine, so that one of them is not even begun.
    from: (row, parameters) => `(
      (select g.* from grants g where g.vm_id = ${row}.id and g.activated_at is not null
        and ${seesAll(row, parameters)} order by g.activated_at desc, g.id desc limit 1)
      union all
      (select g.* from grants g where g.vm_id = ${row}.id and g.requester_id = ${viewerId(parameters)}
        and g.activated_at is not null and not (${seesAll(row, parameters)})
        order by g.activated_at desc, g.id desc limit 1))`,
    on: () => 'true',
  },
}

/** That a port of the machine `row` was proven open at or after `moment`, as far as the viewer may see. */
export function accessedSince(row: string, moment: string, parameters: Parameters): string {
  return `exists (select 1 from grants g where g.vm_id = ${row}.id and g.activated_at >= ${moment}
    and (g.requester_id = ${viewerId(parameters)} or ${seesAll(row, parameters)}))`
}
