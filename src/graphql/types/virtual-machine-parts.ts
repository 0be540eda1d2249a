import { actions } from '../../access/role.ts'
import { builder } from '../builder.ts'
import { Protocol } from '../enums.ts'
import { part } from '../read/entity.ts'
import { column, instant, list, nullable, one, parts, value } from '../read/fields.ts'
import { plain } from '../read/plain.ts'
import { placeOf, within } from '../read/parameters.ts'

const withMachine = { rule: 'Visible with its virtual machine.', where: () => 'true' }

plain({
  name: 'Tag',
  description: 'A tag of a machine, as the cloud has it.',
  rule: withMachine.rule,
  fields: {
    name: column('String', 'Its name.', 'key'),
    value: column('String', 'Its value; may be empty.', 'value'),
  },
})

const PathLevel = builder.enumType('PathLevel', {
  description: 'Where on the path to an interface a boundary stands.',
  values: {
    NETWORK: { description: 'Before the network: what comes from outside comes through it, by its public address.' },
    SUBNET: { description: 'Before the subnet: evaluated before that of the interface.' },
    INTERFACE: { description: 'Before the interface itself.' },
  },
})

part({
  name: 'PathStep',
  description: 'A boundary on the way to an interface. Every step of a path must allow a packet.',
  table: `(select id as interface_id, 'NETWORK' as level, 0 as place, network_boundary_id as boundary_id
    from virtual_machine_interfaces where network_boundary_id is not null
    union all select id, 'SUBNET', 1, subnet_boundary_id
    from virtual_machine_interfaces where subnet_boundary_id is not null
    union all select id, 'INTERFACE', 2, own_boundary_id
    from virtual_machine_interfaces where own_boundary_id is not null)`,
  authorisation: withMachine,
  fields: {
    level: column(PathLevel, 'Where it stands.', 'level'),
    boundary: one(
      'Boundary',
      'The boundary; null when the viewer may not see it.',
      (row, boundary) => `${boundary}.id = ${row}.boundary_id`,
    ),
  },
})

part({
  name: 'NetworkInterface',
  description: 'A network interface of a machine.',
  table: 'virtual_machine_interfaces',
  authorisation: withMachine,
  fields: {
    resourceId: column('String', "The cloud's id, in lower case.", 'id'),
    primary: column('Boolean', 'Whether it is the primary one.', '"primary"'),
    addresses: column('String', 'Private addresses, without prefix length.', 'addresses', list),
    publicAddresses: column('String', 'Public addresses, without prefix length.', 'public_addresses', list),
    path: parts(
      'PathStep',
      'The boundaries an inbound packet meets, in that order; empty when nothing stands before it.',
      (row, step) => `${step}.interface_id = ${row}.id`,
      (step) => `${step}.place`,
    ),
  },
})

part({
  name: 'Exposure',
  description:
    'A port that is reachable and should not be: a protected one that a foreign rule leaves reachable, or a management ' +
    'port that rules leave open to any source. The gateway does not touch foreign rules.',
  table: `(select e.*, v.account_id, v.resource_group_id
    from reported_exposures e join virtual_machines v on v.id = e.vm_id)`,
  authorisation: withMachine,
  fields: {
    port: column('Int', '1 to 65535.', 'port'),
    protocol: column(Protocol, 'What the port speaks.', 'protocol'),
    guarded: column(
      'Boolean',
      'Whether a policy protects the port; otherwise it is a management port that none does.',
      'guarded',
    ),
    foundAt: instant('When it was found.', 'found_at'),
    ruleName: value(
      'String',
      'The foreign rule; null when no boundary stands on a path, or the viewer may not read boundaries at the machine.',
      (row, parameters) =>
        `case when ${within(parameters, actions.readBoundary, placeOf(row))} then ${row}.rule_name end`,
      { ...nullable, authorisation: `Whoever may do ${actions.readBoundary} at the virtual machine.` },
    ),
    boundary: one(
      'Boundary',
      'The boundary that has the rule; null when none stands on a path, or the viewer may not see it.',
      (row, boundary) => `${boundary}.id = ${row}.boundary_id`,
    ),
  },
})
