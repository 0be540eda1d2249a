import { bigint, boolean, index, jsonb, pgEnum, pgTable, text } from 'drizzle-orm/pg-core'
import { sql } from 'drizzle-orm'
import { jitStatuses, operatingSystems, powerStates, unsupportedReasons } from '../../access/words.ts'
import { accounts } from './account.ts'
import { instant, texts } from './column.ts'

export const operatingSystem = pgEnum('operating_system', operatingSystems)
export const powerState = pgEnum('power_state', powerStates)
export const unsupportedReason = pgEnum('unsupported_reason', unsupportedReasons)
export const jitStatus = pgEnum('jit_status', jitStatuses)

/** Virtual machines found by inventory sync, under their lower-cased resource ids. */
export const virtualMachines = pgTable(
  'virtual_machines',
  {
    id: text().primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => accounts.id),
    resourceGroupId: text('resource_group_id').notNull(),
    resourceGroup: text('resource_group').notNull(),
    name: text().notNull(),
    location: text().notNull(),
    os: operatingSystem(),
    /** The user that the machine was made with; null when the cloud does not say. */
    adminUserName: text('admin_user_name'),
    power: powerState().notNull(),
    /** Null when JIT can be configured. */
    unsupportedReason: unsupportedReason('unsupported_reason'),
    /** Whether a policy is in force: a trigger on policies keeps it so, whoever writes them. */
    configured: boolean().notNull().default(false),
    jitStatus: jitStatus('jit_status')
      .notNull()
      .generatedAlwaysAs(
        sql`case when unsupported_reason is not null then 'UNSUPPORTED'::jit_status
          when configured then 'CONFIGURED'::jit_status else 'NOT_CONFIGURED'::jit_status end`,
      ),
    tags: jsonb().$type<Record<string, string>>().notNull().default({}),
    /** Every address of its interfaces, a line each: a trigger on interfaces keeps it so, whoever writes them. */
    addressLines: text('address_lines').notNull().default(''),
    /** What a search looks in: lower-cased name, resource group and addresses, a line each. */
    searchText: text('search_text')
      .notNull()
      .generatedAlwaysAs(sql`lower(name || E'\\n' || resource_group || E'\\n' || address_lines)`),
    generation: bigint({ mode: 'number' }).notNull(),
    firstSeenAt: instant('first_seen_at').notNull(),
    lastSeenAt: instant('last_seen_at').notNull(),
    /** Set when a full sync no longer found it. */
    goneAt: instant('gone_at'),
  },
  (table) => [
    index('virtual_machines_account').on(table.accountId, table.id),
    index('virtual_machines_resource_group').on(table.resourceGroupId),
    index('virtual_machines_name').on(table.name, table.id),
    index('virtual_machines_jit_status').on(table.jitStatus, table.name, table.id),
    // Narrow, and without those that are gone: counts read nothing else.
    index('virtual_machines_counted')
      .on(table.accountId, table.jitStatus, table.os)
      .where(sql`gone_at is null`),
    index('virtual_machines_group_name').on(sql`lower(resource_group)`, table.name, table.id),
    index('virtual_machines_name_beginning').on(sql`lower(name) text_pattern_ops`),
    index('virtual_machines_search').using('gin', sql`search_text gin_trgm_ops`),
    index('virtual_machines_tags').using('gin', sql`tag_words(tags)`),
  ],
)

/** Network interfaces of virtual machines and the boundaries on each one's path; a path holds none, or up to three. */
export const virtualMachineInterfaces = pgTable(
  'virtual_machine_interfaces',
  {
    id: text().primaryKey(),
    vmId: text('vm_id')
      .notNull()
      .references(() => virtualMachines.id),
    accountId: text('account_id').notNull(),
    primary: boolean().notNull(),
    /** Private addresses, v4 and v6, without prefix length. */
    addresses: texts('addresses'),
    publicAddresses: texts('public_addresses'),
    subnetId: text('subnet_id'),
    /** The firewall through which it is reached from outside its network. */
    networkBoundaryId: text('network_boundary_id'),
    subnetBoundaryId: text('subnet_boundary_id'),
    ownBoundaryId: text('own_boundary_id'),
    generation: bigint({ mode: 'number' }).notNull(),
  },
  (table) => [
    index('virtual_machine_interfaces_vm').on(table.vmId),
    index('virtual_machine_interfaces_network_boundary').on(table.networkBoundaryId),
    index('virtual_machine_interfaces_subnet_boundary').on(table.subnetBoundaryId),
    index('virtual_machine_interfaces_own_boundary').on(table.ownBoundaryId),
  ],
)
