import { actions } from '../../access/role.ts'
import { builder } from '../builder.ts'
import { BoundaryKind, Protocol } from '../enums.ts'
import { readIds } from '../ids.ts'
import type { Connection } from '../read/description.ts'
import { entity, part } from '../read/entity.ts'
import { column, instant, list, nullable, one, parts, plainList, plainOrNull, value } from '../read/fields.ts'
import { within } from '../read/parameters.ts'
import { elementsSql, instantSql, isFailure } from '../read/sql.ts'
import './boundary-rule.ts'
import './plain.ts'
import './taken-rule.ts'
import { virtualMachinePage } from './virtual-machine-page.ts'

part({
  name: 'Shadow',
  description: 'A protected port that a foreign rule of one boundary lets pass there.',
  table: 'boundary_shadows',
  authorisation: { rule: 'Visible with its boundary.', where: () => 'true' },
  paged: true,
  fields: {
    virtualMachine: one(
      'VirtualMachine',
      'The machine; null when the viewer may not see it.',
      (row, vm) => `${vm}.id = ${row}.vm_id`,
    ),
    port: column('Int', '1 to 65535.', 'port'),
    protocol: column(Protocol, 'What the port speaks.', 'protocol'),
    ruleName: column('String', 'The foreign rule.', 'rule_name'),
  },
})

const shadows: Connection = {
  kind: 'connection',
  of: 'Shadow',
  description: 'Protected ports that foreign rules let pass here. A port is exposed when a whole path lets it pass.',
  on: (row, shadow) => `${shadow}.boundary_id = ${row}.id`,
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

/** The one row that says when a boundary is looked at, and what the last failed look met. */
const reconcile = (row: string, sql: (r: string) => string) =>
  `(select ${sql('r')} from boundary_reconciles r where r.boundary_id = ${row}.id)`

entity({
  name: 'Boundary',
  description: 'A rule set that a cloud enforces, such as an NSG, as last observed.',
  table: 'boundaries',
  key: { column: 'id', type: 'text' },
  authorisation: {
    rule: `Whoever may do ${actions.readBoundary} in its resource group; a role at one machine does not reach it.`,
    where: (row, parameters) =>
      within(parameters, actions.readBoundary, {
        account: `${row}.account_id`,
        resourceGroup: `${row}.resource_group_id`,
      }),
  },
  fields: {
    resourceId: column('String', "The cloud's id, in lower case.", 'id'),
    kind: column(BoundaryKind, 'What kind of rule set it is.', 'kind'),
    name: column('String', 'Its name at the cloud.', 'name'),
    resourceGroup: column('String', 'The name of its resource group.', 'resource_group'),
    location: column('String', "The cloud's region.", 'location'),
    account: one(
      'Account',
      'The account it is in; null when the viewer may not see it.',
      (row, account) => `${account}.id = ${row}.account_id`,
    ),
    publicAddresses: column(
      'String',
      'Where a firewall is reached from outside, the first one first; other kinds have none.',
      'public_addresses',
      list,
    ),
    rules: plainList(
      'BoundaryRule',
      'Its inbound rules, in the order of evaluation.',
      (row) => elementsSql(`${row}.rules`),
      (rule) => `(${rule}.value->>'priority')::int, ${rule}.value->>'name'`,
    ),
    takenRules: parts(
      'TakenRule',
      'Foreign rules that policies have taken away here, or were to.',
      (row, taken) => `${taken}.boundary_id = ${row}.id`,
      (taken) => `${taken}.place`,
    ),
    observedAt: instant('When its rules were last read for enforcement, or found changed by a sync.', 'observed_at'),
    lastError: plainOrNull(
      'Failure',
      'What the last look at it met; null when it went well.',
      (row) =>
        `(select last_error_code as code, last_error_message as message from boundary_reconciles
          where boundary_id = ${row}.id)`,
      isFailure,
    ),
    nextRunAt: value(
      'DateTime',
      'When it is looked at next; null when nothing is due.',
      (row) => reconcile(row, (r) => instantSql(`${r}.next_run_at`)),
      nullable,
    ),
    goneAt: instant('When a sync no longer found it; null while it exists.', 'gone_at', nullable),
    virtualMachines: virtualMachinePage(
      'Machines with this boundary on the path of an interface.',
      (row, vm) => `${vm}.id in (select i.vm_id from virtual_machine_interfaces i
        where ${row}.id in (i.network_boundary_id, i.subnet_boundary_id, i.own_boundary_id))`,
    ),
    shadows,
  },
})

const BoundaryFilter = builder.inputType('BoundaryFilter', {
  description: 'Narrows boundaries: every part that is given must hold.',
  fields: (t) => ({
    accounts: t.idList({ description: 'In any of these accounts.' }),
    resourceGroup: t.string({ description: 'In resource groups of this name, in any case.' }),
    failing: t.boolean({ description: 'True: the last look met an error; false: it went well.' }),
    includeGone: t.boolean({ description: 'Also those that the last sync no longer found.' }),
  }),
})

/** Boundaries, by name. */
export const boundaryPage: Connection = {
  kind: 'connection',
  of: 'Boundary',
  description: 'Boundaries, by name.',
  on: () => 'true',
  orders: [
    {
      name: 'NAME',
      description: 'By name, then by resource id.',
      direction: 'asc',
      keys: [
        { type: 'text', sql: (row) => `${row}.name` },
        { type: 'text', sql: (row) => `${row}.id` },
      ],
    },
  ],
  filter: {
    input: BoundaryFilter,
    where(row, filter) {
      const accounts = filter.bind('accounts', 'text[]', readIds('Account'))
      const group = filter.bind('resourceGroup', 'text')
      const failing = filter.shape('failing')
      return [
        ...(accounts === undefined ? [] : [`${row}.account_id = any(${accounts})`]),
        ...(group === undefined ? [] : [`lower(${row}.resource_group) = lower(${group})`]),
        ...(failing === undefined
          ? []
          : [
              `${failing === true ? '' : 'not '}exists (select 1 from boundary_reconciles r
                where r.boundary_id = ${row}.id and r.last_error_code is not null)`,
            ]),
        ...(filter.shape('includeGone') === true ? [] : [`${row}.gone_at is null`]),
      ]
    },
  },
}
