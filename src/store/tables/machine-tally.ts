import { index, integer, pgTable, text } from 'drizzle-orm/pg-core'
import { accounts } from './account.ts'
import { jitStatus } from './virtual-machine.ts'

/**
 * How many machines there are of each JIT status in an account, and in each resource group of it, without those that are
 * gone: the sum of the rows that say so. A trigger on machines adds a row for what each statement changed, be it a
 * negative one, so that writers never wait for one another; each sync makes them few again.
 */
export const machineTallies = pgTable(
  'machine_tallies',
  {
    accountId: text('account_id')
      .notNull()
      .references(() => accounts.id),
    /** Null in what is told of the account as a whole. */
    resourceGroupId: text('resource_group_id'),
    jitStatus: jitStatus('jit_status').notNull(),
    machines: integer().notNull(),
  },
  (table) => [index('machine_tallies_place').on(table.accountId, table.resourceGroupId)],
)
