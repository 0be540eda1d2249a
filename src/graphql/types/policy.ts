import { actions } from '../../access/role.ts'
import { builder } from '../builder.ts'
import { Protocol } from '../enums.ts'
import { readIds } from '../ids.ts'
import type { Connection } from '../read/description.ts'
import { entity, part } from '../read/entity.ts'
import { column, instant, list, nullable, one, parts, plainOne, value } from '../read/fields.ts'
import { placeOf, within } from '../read/parameters.ts'
import { actorSql } from '../read/sql.ts'
import { approvalField } from './plain.ts'

part({
  name: 'PolicyPort',
  description: 'A port that a policy protects: closed unless a grant opens it.',
  table: 'policy_ports',
  authorisation: { rule: 'Visible with its policy.', where: () => 'true' },
  fields: {
    port: column('Int', '1 to 65535.', 'port'),
    protocol: column(Protocol, 'What the port speaks.', 'protocol'),
    allowedSources: column('CIDR', 'Ranges that a source must lie in.', 'allowed_sources', list),
    maximumDuration: column('Duration', 'The longest window that can be asked for.', 'maximum_duration_seconds'),
    approvalRule: approvalField(
      'Who has to approve what is asked of this port; null: as the policy says.',
      (row) => `${row}.approval`,
    ),
  },
})

const textRule = (description: string, name: string) =>
  plainOne(
    'TextRule',
    description,
    (row) => `(select ${row}.${name}_required as required, ${row}.${name}_pattern as pattern)`,
  )

entity({
  name: 'Policy',
  description: 'What may be asked of a virtual machine. At most one enabled policy guards a machine.',
  table: 'policies',
  key: { column: 'id', type: 'uuid' },
  authorisation: {
    rule: `Whoever may do ${actions.readPolicy} at the virtual machine.`,
    where: (row, parameters) => within(parameters, actions.readPolicy, placeOf(row)),
  },
  fields: {
    virtualMachine: one(
      'VirtualMachine',
      'The machine it guards; null when the viewer may not see it.',
      (row, vm) => `${vm}.id = ${row}.vm_id`,
    ),
    ports: parts(
      'PolicyPort',
      'The ports it protects, by number.',
      (row, port) => `${port}.policy_id = ${row}.id`,
      (port) => `${port}.port, ${port}.protocol`,
    ),
    approvalRule: approvalField(
      'Who has to approve what is asked of a port that has no rule of its own; null when nobody has to.',
      (row) => `${row}.approval`,
    ),
    justificationRule: textRule('What is asked of the justification of a request.', 'justification'),
    ticketRule: textRule('What is asked of the id of the ticket of a request.', 'ticket'),
    closesForeignRules: column(
      'Boolean',
      'Whether foreign rules of security groups that admit nothing but its ports are taken away meanwhile.',
      'closes_foreign_rules',
    ),
    noticeBeforeEnd: column(
      'Duration',
      'How long before its end a grant is announced to end; PT0S: never, null: as the gateway is configured.',
      'notice_seconds',
      nullable,
    ),
    version: column('Int', 'Counts up with each change, from 1.', 'version'),
    createdAt: instant('When JIT was enabled.', 'created_at'),
    updatedAt: instant('When it last changed.', 'updated_at'),
    createdBy: plainOne('Actor', 'Who enabled JIT.', (row) =>
      actorSql(`${row}.created_by_kind`, `${row}.created_by_id`, `${row}.created_by_name`),
    ),
    disabledAt: instant('When JIT was disabled; null while the policy is in force.', 'disabled_at', nullable),
    viewerCanUpdate: value(
      'Boolean',
      'Whether the viewer may change or disable it now.',
      (row, parameters) => `(${row}.disabled_at is null and ${within(parameters, actions.writePolicy, placeOf(row))})`,
    ),
  },
})

const PolicyFilter = builder.inputType('PolicyFilter', {
  description: 'Narrows policies: every part that is given must hold.',
  fields: (t) => ({
    virtualMachines: t.idList({ description: 'Of these machines.' }),
    includeDisabled: t.boolean({ description: 'Also those that are no longer in force.' }),
  }),
})

/** Policies, the newest first. */
export const policyPage: Connection = {
  kind: 'connection',
  of: 'Policy',
  description: 'Policies in force, the newest first.',
  on: () => 'true',
  orders: [
    {
      name: 'NEWEST_FIRST',
      description: 'By creation, the newest first.',
      direction: 'desc',
      keys: [{ type: 'uuid', sql: (row) => `${row}.id` }],
    },
  ],
  filter: {
    input: PolicyFilter,
    where(row, filter) {
      const vms = filter.bind('virtualMachines', 'text[]', readIds('VirtualMachine'))
      return [
        ...(vms === undefined ? [] : [`${row}.vm_id = any(${vms})`]),
        ...(filter.shape('includeDisabled') === true ? [] : [`${row}.disabled_at is null`]),
      ]
    },
  },
}
