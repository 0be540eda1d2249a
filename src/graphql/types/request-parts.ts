import { actions } from '../../access/role.ts'
import { GrantState, Protocol, Verdict } from '../enums.ts'
import type { Connection, RowSql } from '../read/description.ts'
import { part } from '../read/entity.ts'
import { column, instant, list, nullable, one, plainList, plainOne, value } from '../read/fields.ts'
import { placeOf, viewerId, within } from '../read/parameters.ts'
import { actorSql } from '../read/sql.ts'
import './plain.ts'
import { approvalsGiven, awaitsViewer } from './request-deciders.ts'

part({
  name: 'Decision',
  description: 'What an approver said of a request while it counted.',
  table: 'request_decisions',
  authorisation: { rule: 'Visible with its request.', where: () => 'true' },
  fields: {
    actor: plainOne('Actor', 'The approver.', (row) =>
      actorSql(`${row}.actor_kind`, `${row}.actor_id`, `${row}.actor_name`),
    ),
    verdict: column(Verdict, 'What was said.', 'verdict'),
    reason: column('String', 'Why, in the words of the approver; null when not said.', 'reason', nullable),
    decidedAt: instant('When it was said.', 'decided_at'),
  },
})

const awaiting: RowSql = (row, parameters) => {
  const a = parameters.alias()
  return `exists (select from awaited_approvals ${a} where ${a}.grant_id = ${row}.id
    and ${a}.request_id = ${row}.request_id and ${awaitsViewer(a, parameters)})`
}
const decidedOn: RowSql = (row, parameters) =>
  `exists (select from request_decisions d where d.request_id = ${row}.request_id
    and d.actor_id = ${viewerId(parameters)} and ${row}.id = any(d.grant_ids))`

part({
  name: 'RequestedPort',
  description:
    'A port that a request asks for, or that it asks to keep open, with what an approver needs to know of it.',
  table: 'requested_ports',
  authorisation: {
    rule:
      `Its requester, whoever may do ${actions.readGrant} at the virtual machine, and the approvers of the port as long ` +
      'as it waits for them, or when they decided on it.',
    where: (row, parameters) =>
      `(${row}.requester_id = ${viewerId(parameters)} or ${within(parameters, actions.readGrant, placeOf(row))}
        or ${awaiting(row, parameters)} or ${decidedOn(row, parameters)})`,
  },
  paged: true,
  fields: {
    virtualMachineName: value(
      'String',
      'The name of the machine at the cloud.',
      (row) => `(select v.name from virtual_machines v where v.id = ${row}.vm_id)`,
    ),
    virtualMachineResourceId: column('String', "The cloud's id of the machine, in lower case.", 'vm_id'),
    virtualMachine: one(
      'VirtualMachine',
      'The machine; null when the viewer may not see it.',
      (row, vm) => `${vm}.id = ${row}.vm_id`,
    ),
    port: column('Int', '1 to 65535.', 'port'),
    protocol: column(Protocol, 'What the port speaks.', 'protocol'),
    sources: column('CIDR', 'Where from it is to be reached.', 'sources', list),
    duration: column(
      'Duration',
      'Length of the window, from when the port is proven open or the grant extended; null when an absolute end was ' +
        'asked for.',
      'duration_seconds',
      nullable,
    ),
    endsAt: instant(
      'End of the window; null while it has not begun and no absolute end was asked for. Of an extension, the absolute ' +
        'end that is asked for.',
      'ends_at',
      nullable,
    ),
    state: column(GrantState, 'What became of it.', 'state'),
    approvalsNeeded: column(
      'Int',
      'How many have to approve it before it opens; 0: nobody has to.',
      'approvals_needed',
    ),
    approvalsGiven: value('Int', 'How many approved it.', approvalsGiven),
    approvers: plainList(
      'Approver',
      'For whom it waits: at most 50; empty when it waits for nobody.',
      (row) => `(select jsonb_build_object('kind', a.approver_kind, 'id', a.approver_id) as value,
        row_number() over (order by a.approver_kind, a.approver_id) as n
        from awaited_approvals a where a.grant_id = ${row}.id and a.request_id = ${row}.request_id)`,
      (approver) => `${approver}.n`,
    ),
    awaitsViewer: value('Boolean', 'Whether the viewer is one of them.', awaiting),
    grant: one('Grant', 'The grant; null when the viewer may not see it.', (row, grant) => `${grant}.id = ${row}.id`),
  },
})

/** The ports of a request. */
export const requestedPorts: Connection = {
  kind: 'connection',
  of: 'RequestedPort',
  description: 'The ports it asks for, as far as the viewer may see or decide them.',
  on: (row, port) => `${port}.request_id = ${row}.id`,
  orders: [
    {
      name: 'VIRTUAL_MACHINE',
      description: 'By machine, port and protocol.',
      direction: 'asc',
      keys: [
        { type: 'text', sql: (row) => `${row}.vm_id` },
        { type: 'bigint', sql: (row) => `${row}.port::bigint` },
        { type: 'text', sql: (row) => `${row}.protocol::text` },
      ],
    },
  ],
}
