import { actions } from '../../access/role.ts'
import { BoundaryKind, JitStatus, OperatingSystem, PowerState, UnsupportedReason } from '../enums.ts'
import { entity } from '../read/entity.ts'
import { column, instant, list, nullable, one, parts, plainList, value } from '../read/fields.ts'
import { within } from '../read/parameters.ts'
import { instantSql } from '../read/sql.ts'
import { activityPage } from './activity-page.ts'
import { connect } from './connect.ts'
import { grantPage } from './grant-page.ts'
import { isLockedDown, scopesSql } from './locked-down.ts'
import { openPorts, recommendation } from './open-ports.ts'
import { placeOfMachine } from './place-of-machine.ts'
import { recentAccess } from './recent-access.ts'
import { unsupported } from './unsupported.ts'
import './virtual-machine-parts.ts'

const addresses = (name: string) => (row: string) =>
  `array(select a from virtual_machine_interfaces i, unnest(i.${name}) a where i.vm_id = ${row}.id
    order by i."primary" desc, i.id, a)`

entity({
  name: 'VirtualMachine',
  description: 'A virtual machine that inventory sync found.',
  table: 'virtual_machines',
  key: { column: 'id', type: 'text' },
  authorisation: {
    rule: `Whoever may do ${actions.readVirtualMachine} at the machine.`,
    where: (row, parameters) => within(parameters, actions.readVirtualMachine, placeOfMachine(row)),
  },
  fields: {
    resourceId: column('String', "The cloud's id, in lower case.", 'id'),
    name: column('String', 'Its name at the cloud.', 'name'),
    resourceGroup: column('String', 'The name of its resource group.', 'resource_group'),
    location: column('String', "The cloud's region.", 'location'),
    os: column(OperatingSystem, 'What it runs; null when the cloud does not say.', 'os', nullable),
    power: column(PowerState, 'Whether it runs, as last seen.', 'power'),
    tags: plainList(
      'Tag',
      'Its tags, by name.',
      (row) => `jsonb_each_text(${row}.tags)`,
      (tag) => `${tag}.key`,
    ),
    jitStatus: column(JitStatus, 'Whether just-in-time access guards it.', 'jit_status'),
    unsupportedReason: column(
      UnsupportedReason,
      'Why it cannot be guarded; null unless it is UNSUPPORTED.',
      'unsupported_reason',
      nullable,
    ),
    unsupported,
    recommendation,
    addresses: value('String', 'Private addresses, the primary interface first.', addresses('addresses'), list),
    publicAddresses: value('String', 'Public addresses, the same way.', addresses('public_addresses'), list),
    adminUserName: column(
      'String',
      'The user that it was made with, to sign in as; null when the cloud does not say, as of a machine made from a disk ' +
        'that was in use before.',
      'admin_user_name',
      nullable,
    ),
    interfaces: parts(
      'NetworkInterface',
      'Its network interfaces, the primary one first.',
      (row, nic) => `${nic}.vm_id = ${row}.id`,
      (nic) => `${nic}."primary" desc, ${nic}.id`,
    ),
    guardedBy: value(
      BoundaryKind,
      'The kind of boundary that can close its ports, on the path of any of its interfaces; null when none stands there. ' +
        'Of several kinds, the one that a packet from outside meets first.',
      (row) => `(select min(b.kind) from virtual_machine_interfaces i
        join boundaries b on b.id in (i.network_boundary_id, i.subnet_boundary_id, i.own_boundary_id) and b.gone_at is null
        where i.vm_id = ${row}.id)`,
      nullable,
    ),
    account: one(
      'Account',
      'The account it is in; null when the viewer may not see it.',
      (row, account) => `${account}.id = ${row}.account_id`,
    ),
    policy: one(
      'Policy',
      'The policy in force; null when there is none, or the viewer may not see it.',
      (row, policy) => `${policy}.vm_id = ${row}.id and ${policy}.disabled_at is null`,
    ),
    grants: grantPage('Grants to it, as far as the viewer may see them.', (row, grant) => `${grant}.vm_id = ${row}.id`),
    ...recentAccess,
    activity: activityPage('What happened to it.', (row, fact) => `${fact}.vm_id = ${row}.id`),
    exposures: parts(
      'Exposure',
      'What is reachable of it that should not be, as of the last look: protected ports that foreign rules leave ' +
        'reachable, and management ports that its system answers at and that rules leave open to any source. Of an ' +
        'unsupported machine only the former.',
      (row, exposure) => `${exposure}.vm_id = ${row}.id`,
      (exposure) => `${exposure}.port, ${exposure}.protocol`,
    ),
    lockedDown: value(
      'Boolean',
      'Whether a lockdown is in force at it or at a scope it lies in: no access may be asked for.',
      (row) => isLockedDown(row, 'id'),
    ),
    lockdowns: parts(
      'Lockdown',
      'The lockdowns in force over it that the viewer may see, the widest first: at most four.',
      (row, lockdown) => `${lockdown}.lifted_at is null and ${lockdown}.scope = any(${scopesSql(row, 'id')})`,
      (lockdown) => `length(${lockdown}.scope)`,
    ),
    openPorts,
    connect,
    firstSeenAt: instant('When a sync first found it.', 'first_seen_at'),
    lastSeenAt: value('DateTime', 'When a sync last found it.', (row) =>
      instantSql(`case when ${row}.gone_at is not null then ${row}.last_seen_at
        else greatest(${row}.last_seen_at, (select a.last_synced_at from accounts a where a.id = ${row}.account_id)) end`),
    ),
    goneAt: instant('When a sync no longer found it; null while it exists.', 'gone_at', nullable),
    viewerCanRequestAccess: value(
      'Boolean',
      'Whether the viewer may ask for access to it now: it is guarded, so that there is something to ask for, and not ' +
        'locked down.',
      (
        row,
        parameters,
      ) => `(${row}.gone_at is null and ${row}.jit_status = 'CONFIGURED' and not ${isLockedDown(row, 'id')}
        and ${within(parameters, actions.requestAccess, placeOfMachine(row))})`,
    ),
    viewerCanConfigureJit: value(
      'Boolean',
      'Whether the viewer may enable, change or disable JIT on it.',
      (row, parameters) => `(${row}.gone_at is null and ${row}.unsupported_reason is null
        and ${within(parameters, actions.writePolicy, placeOfMachine(row))})`,
    ),
  },
})
