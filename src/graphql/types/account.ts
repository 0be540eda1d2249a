import { actions } from '../../access/role.ts'
import { builder } from '../builder.ts'
import { Cloud, DriftResponse } from '../enums.ts'
import type { Connection } from '../read/description.ts'
import { entity } from '../read/entity.ts'
import { column, instant, list, nullable, plainOne, value } from '../read/fields.ts'
import { within } from '../read/parameters.ts'
import { countsOfAccounts } from './virtual-machine-counts.ts'

const AccountStatus = builder.enumType('AccountStatus', {
  description: 'How the gateway gets on with an account.',
  values: {
    REGISTERED: { description: 'Registered; not yet synced.' },
    CONNECTED: { description: 'The last sync went well.' },
    FAILING: { description: 'The last sync failed; `lastSyncError` says why.' },
  },
})

/** The ids of AWS's accounts are numbers, those of Azure's are GUIDs. */
const isAws = (row: string) => `${row}.id ~ '^[0-9]{12}$'`

entity({
  name: 'Account',
  description: 'A cloud account under management: an Azure subscription or an AWS account.',
  table: 'accounts',
  key: { column: 'id', type: 'text' },
  authorisation: {
    rule: `Whoever may do ${actions.readAccount} at the account; narrower roles do not reach it.`,
    where: (row, parameters) => within(parameters, actions.readAccount, { account: `${row}.id` }),
  },
  fields: {
    cloud: value(Cloud, 'The cloud it is in.', (row) => `(case when ${isAws(row)} then 'AWS' else 'AZURE' end)`),
    cloudAccountId: column('String', "The cloud's own id: a subscription's GUID, or an AWS account's number.", 'id'),
    subscriptionId: value(
      'String',
      'The id of the subscription; null for an AWS account.',
      (row) => `(case when not ${isAws(row)} then ${row}.id end)`,
      nullable,
    ),
    name: column('String', 'What people call it.', 'name'),
    status: column(AccountStatus, 'How the gateway gets on with it.', 'status'),
    registeredAt: instant('When it came under management.', 'registered_at'),
    lastSyncedAt: instant('When a sync last finished; null until one did.', 'last_synced_at', nullable),
    lastSyncError: column('String', 'What the last sync met; null when it went well.', 'last_sync_error', nullable),
    missingPermissions: value(
      'String',
      "Permissions that the gateway's identity lacks, by the cloud's own names, as a sync or a write was refused for " +
        'them; each is shown until what needs it succeeds.',
      (row) => `array(select p from (select unnest(${row}.missing_permissions) as p
        union select unnest(b.missing_permissions) from boundary_reconciles b
        where b.account_id = ${row}.id and b.missing_permissions <> '{}') m order by p)`,
      list,
    ),
    throttledUntil: instant(
      'The cloud asked for no calls before then; null when it did not.',
      'throttled_until',
      nullable,
    ),
    driftResponse: column(
      DriftResponse,
      'What is done where somebody else changed rules of the gateway there.',
      'drift_response',
    ),
    virtualMachineCounts: plainOne(
      'VirtualMachineCounts',
      'Its machines by JIT status, without those that are gone.',
      (row, parameters) => countsOfAccounts(parameters, [`v.account_id = ${row}.id`]),
      { authorisation: `Counts machines at which the viewer may do ${actions.readVirtualMachine}.` },
    ),
  },
})

/** Accounts, by name. */
export const accountPage: Connection = {
  kind: 'connection',
  of: 'Account',
  description: 'Accounts, by name.',
  on: () => 'true',
  orders: [
    {
      name: 'NAME',
      description: 'By name, then by id.',
      direction: 'asc',
      keys: [
        { type: 'text', sql: (row) => `${row}.name` },
        { type: 'text', sql: (row) => `${row}.id` },
      ],
    },
  ],
}
