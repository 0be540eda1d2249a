import type { Override } from '../../access/overrides.ts'
import { actions } from '../../access/role.ts'
import { builder } from '../builder.ts'
import { Overridable, Protocol } from '../enums.ts'
import { readId, readIds } from '../ids.ts'
import type { Connection } from '../read/description.ts'
import { entity, part } from '../read/entity.ts'
import { column, instant, list, nullable, one, parts, plainList, plainOne, value } from '../read/fields.ts'
import { placeOf, within } from '../read/parameters.ts'
import { plain } from '../read/plain.ts'
import { actorSql, elementsSql } from '../read/sql.ts'
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

plain<Override>({
  name: 'PolicyOverride',
  description: 'One thing that a policy says other than its template.',
  rule: 'Visible with its policy.',
  fields: {
    term: value(Overridable, 'What it is.', (row) => `${row}.value->>'term'`),
    port: value('Int', 'The port; null for what is none.', (row) => `(${row}.value->>'port')::int`, nullable),
    protocol: value(
      Protocol,
      'What the port speaks; null for what is no port.',
      (row) => `${row}.value->>'protocol'`,
      nullable,
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
    template: one(
      'PolicyTemplate',
      'The template that it follows in all but its overrides; null when it stands for itself, or the viewer may not see it.',
      (row, template) => `${template}.id = ${row}.template_id and ${row}.disabled_at is null`,
    ),
    overrides: plainList(
      'PolicyOverride',
      'What it says other than its template, and keeps when that changes; empty when it stands for itself.',
      (row) => elementsSql(`${row}.overrides`),
      (override) => `${override}.n`,
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
    template: t.id({ description: 'That follow this template.' }),
    overriding: t.boolean({ description: 'True: only those that say something other than their template.' }),
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
      const template = filter.bind('template', 'uuid', (id: string) => readId(id, 'PolicyTemplate'))
      return [
        ...(vms === undefined ? [] : [`${row}.vm_id = any(${vms})`]),
        ...(template === undefined ? [] : [`${row}.template_id = ${template}`]),
        ...(filter.shape('overriding') === true ? [`${row}.overrides <> '[]'`] : []),
        ...(filter.shape('includeDisabled') === true ? [] : [`${row}.disabled_at is null`]),
      ]
    },
  },
}
