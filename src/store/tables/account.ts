import { bigint, index, pgEnum, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { driftResponses } from '../../access/words.ts'
import { instant, texts } from './column.ts'

export const driftResponse = pgEnum('drift_response', driftResponses)
export const accountStatus = pgEnum('account_status', ['REGISTERED', 'CONNECTED', 'FAILING'])

/** Cloud accounts under management: one row an Azure subscription. Sync state sits beside it. */
export const accounts = pgTable(
  'accounts',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    status: accountStatus().notNull().default('REGISTERED'),
    registeredAt: instant('registered_at').notNull(),
    lastSyncedAt: instant('last_synced_at'),
    lastSyncError: text('last_sync_error'),
    syncGeneration: bigint('sync_generation', { mode: 'number' }).notNull().default(0),
    nextSyncAt: instant('next_sync_at').notNull(),
    leaseOwner: uuid('lease_owner'),
    leaseUntil: instant('lease_until'),
    /** No cloud call of this account before then: the cloud asked for the wait. */
    throttledUntil: instant('throttled_until'),
    /** What is done where somebody else changed rules of ours. */
    driftResponse: driftResponse('drift_response').notNull().default('RESTORE'),
    /** Permissions that the cloud said the last sync lacked, by its own names. */
    missingPermissions: texts('missing_permissions'),
  },
  (table) => [index('accounts_next_sync').on(table.nextSyncAt)],
)
