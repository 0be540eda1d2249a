import { formatPrefix, parsePrefix } from '../../access/prefix.ts'
import { actions, roleNames, roles, type Action } from '../../access/role.ts'
import type { Viewer } from '../../access/viewer.ts'
import { builder } from '../builder.ts'
import type { Field } from '../read/description.ts'
import { column, list, nullable, one, plainList, plainOne, plainOrNull, value } from '../read/fields.ts'
import { viewerId, within, type Parameters } from '../read/parameters.ts'
import { plain } from '../read/plain.ts'
import { isLockedDown } from './locked-down.ts'
import { placeOfMachine } from './place-of-machine.ts'

const rule = 'Visible with its virtual machine, to each viewer its own.'

const ConnectStep = builder.enumType('ConnectStep', {
  description: 'What comes next for a viewer who wants to connect to a machine.',
  values: {
    CONNECT: { description: 'A port is open for the viewer: connect to it.' },
    WAIT: { description: 'A port was asked for and is not open yet: wait for `held`.' },
    LOCKED_DOWN: {
      description: 'No access may be asked for until a lockdown is lifted: `VirtualMachine.lockdowns` says why it is.',
    },
    REQUEST_ACCESS: { description: 'Ask for a port: `requestAccess`, with what is prefilled here.' },
    ASK_TO_REQUEST: {
      description: 'The machine is guarded, and the viewer may not ask for access: `missing` says what for.',
    },
    ENABLE_JIT: {
      description:
        'The machine is not guarded, and the viewer may change that: `enableJit`, for the ports of `recommendation`.',
    },
    ASK_TO_ENABLE_JIT: {
      description: 'The machine is not guarded, and the viewer may not change that: `missing` says what for.',
    },
    UNSUPPORTED: { description: 'The machine cannot be guarded: `VirtualMachine.unsupported` has the cure.' },
    GONE: { description: 'A sync no longer found the machine.' },
  },
})

const SourceUnknown = builder.enumType('SourceUnknown', {
  description: 'Why no source is prefilled.',
  values: {
    ADDRESS_NOT_TOLD: { description: 'The address that the call came from cannot be told: name the sources.' },
    OTHER_FAMILY: {
      description:
        'The machine has no address of the family (IPv4 or IPv6) that the call came by: name a source of the other one.',
    },
  },
})

/** Steps that ask somebody else for an action. */
const asks = [
  ['ASK_TO_REQUEST', actions.requestAccess],
  ['ASK_TO_ENABLE_JIT', actions.writePolicy],
] as const

plain({
  name: 'MissingPermission',
  description: 'What a viewer lacks, and which roles would give it.',
  rule,
  fields: {
    action: column('String', 'The action string that is missing at the machine.', 'action'),
    roles: column(
      'String',
      'Names of the built-in roles that allow it: any of them, at the machine or around it.',
      'roles',
      list,
    ),
  },
})

plain({
  name: 'ConnectPort',
  description: 'A port that can be asked for, and what the viewer already has of it.',
  rule,
  fields: {
    policyPort: {
      ...one(
        'PolicyPort',
        'What the policy says of it: number, protocol, sources and the longest window.',
        (row, port) =>
          `${port}.policy_id = ${row}.policy_id and ${port}.port = ${row}.port and ${port}.protocol = ${row}.protocol`,
      ),
      nonNull: true,
    },
    sourceAllowed: value(
      'Boolean',
      'Whether the policy allows the prefilled source here; false when none is prefilled.',
      (row) => `(${row}.source is not null
        and exists (select from unnest(${row}.allowed_sources) s where ${row}.source::inet <<= s::inet))`,
    ),
    held: one(
      'Grant',
      'The grant of the viewer to this port that is open or to be opened; of several the one that is open, and ends ' +
        'last. Null when the viewer holds none.',
      (row, grant) => `${grant}.id = ${row}.held_id`,
    ),
  },
})

const asking = asks
  .map(([step, action]) => {
    const able = roleNames.filter((name) => roles[name].includes(action))
    return `('${step}', '${action}', array[${able.map((name) => `'${name}'`).join(', ')}])`
  })
  .join(', ')

plain({
  name: 'Connect',
  description:
    'How the viewer gets to a machine: what can be asked for right now, prefilled, or what has to come first.',
  rule,
  fields: {
    nextStep: value(ConnectStep, 'What comes next.', (row) => nextStep(row)),
    missing: plainOrNull(
      'MissingPermission',
      'What the viewer would have to be allowed to do; null unless the next step is to ask somebody for it.',
      (row) => `(select * from (values ${asking}) m(step, action, roles) where m.step = ${nextStep(row)})`,
      () => 'true',
    ),
    source: value(
      'CIDR',
      'The address that the call came from, to be asked for as the source. Behind a proxy that is not known to the ' +
        "gateway it is the proxy's. Null when none can be prefilled.",
      (row) => `${row}.source`,
      nullable,
    ),
    sourceUnknown: value(
      SourceUnknown,
      'Why no source is prefilled; null when one is.',
      (row) =>
        `case when ${row}.address is null then 'ADDRESS_NOT_TOLD' when ${row}.source is null then 'OTHER_FAMILY' end`,
      nullable,
    ),
    policy: one(
      'Policy',
      'The policy that says what can be asked; null when there is none, or the viewer may not see it.',
      (row, policy) => `${policy}.vm_id = ${row}.vm_id and ${policy}.disabled_at is null`,
    ),
    ports: plainList(
      'ConnectPort',
      'The ports of the policy, by number; empty when there is none, or the viewer may not see it.',
      (row, parameters) => `(select pp.*, ${row}.source, ${heldSql(row, 'pp', parameters)} as held_id
        from policies p join policy_ports pp on pp.policy_id = p.id
        where p.vm_id = ${row}.vm_id and p.disabled_at is null and ${row}.sees_policy)`,
      (port) => `${port}.port, ${port}.protocol`,
    ),
    maximumDuration: value(
      'Duration',
      'The longest window that can be asked for all of the ports at once; null when there are none.',
      (row) => `(select min(pp.maximum_duration_seconds) from policies p join policy_ports pp on pp.policy_id = p.id
        where p.vm_id = ${row}.vm_id and p.disabled_at is null and ${row}.sees_policy)`,
      nullable,
    ),
  },
})

/** States of a grant that is open or to be opened. */
const HELD = `('PENDING_APPROVAL', 'SCHEDULED', 'OPENING', 'ACTIVE')`

/** The id of the viewer's grant to the policy port `port` of the machine of `row`. */
function heldSql(row: string, port: string, parameters: Parameters): string {
  return `(select g.id from grants g where g.vm_id = ${row}.vm_id and g.requester_id = ${viewerId(parameters)}
    and g.state in ${HELD} and g.port = ${port}.port and ${port}.protocol in (g.protocol, 'ANY')
    order by g.state = 'ACTIVE' desc, g.latest_end desc, g.id limit 1)`
}

function nextStep(row: string): string {
  const holds = (states: string) => `${row}.best_held ${states}`
  return `case when ${row}.gone then 'GONE' when ${row}.jit_status = 'UNSUPPORTED' then 'UNSUPPORTED'
    when ${row}.jit_status = 'NOT_CONFIGURED' and ${row}.may_enable then 'ENABLE_JIT'
    when ${row}.jit_status = 'NOT_CONFIGURED' then 'ASK_TO_ENABLE_JIT'
    when ${holds(`= 'ACTIVE'`)} then 'CONNECT' when ${holds('is not null')} then 'WAIT'
    when ${row}.locked_down then 'LOCKED_DOWN' when ${row}.may_request then 'REQUEST_ACCESS' else 'ASK_TO_REQUEST' end`
}

/** The address of the viewer as a source; null when it cannot be told. */
function sourceOf({ address }: Viewer): string | null {
  const prefix = address === null ? null : parsePrefix(address)
  return prefix === null || 'fault' in prefix ? null : formatPrefix(prefix)
}

/** How the viewer gets to the machine. */
export const connect: Field = {
  ...plainOne(
    'Connect',
    'How the viewer gets to it: what can be asked for right now, prefilled, or what has to come first. It is told of the ' +
      'moment at which it is read.',
    (row, parameters) => {
      const address = parameters.shared('source of the viewer', ({ viewer }) => sourceOf(viewer), 'text')
      const may = (action: Action) => within(parameters, action, placeOfMachine(row))
      return `(select ${row}.id as vm_id, ${row}.jit_status, ${row}.gone_at is not null as gone,
        ${may(actions.readPolicy)} as sees_policy, ${may(actions.requestAccess)} as may_request,
        ${may(actions.writePolicy)} as may_enable, ${isLockedDown(row, 'id')} as locked_down, ${address} as address,
        case when exists (select from virtual_machine_interfaces i, unnest(i.addresses) a
          where i.vm_id = ${row}.id and family(a::inet) = family(${address}::inet)) then ${address} end as source,
        (select max(g.state) from grants g where g.vm_id = ${row}.id and g.requester_id = ${viewerId(parameters)}
          and g.state in ${HELD}) as best_held)`
    },
  ),
  perAddress: true,
}
