import { boolean, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { instant } from './column.ts'
import { protocol } from './policy.ts'
import { virtualMachines } from './virtual-machine.ts'

/**
 * Exposures as last recorded: what the API shows, and what the log already speaks of, so that each is found once and
 * cleared once. The view `exposures` says which there are.
 */
export const reportedExposures = pgTable(
  'reported_exposures',
  {
    vmId: text('vm_id')
      .notNull()
      .references(() => virtualMachines.id),
    port: integer().notNull(),
    protocol: protocol().notNull(),
    /** Whether a policy protects the port; otherwise it is a management port that none does. */
    guarded: boolean().notNull().default(true),
    boundaryId: text('boundary_id'),
    ruleName: text('rule_name'),
    foundAt: instant('found_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.vmId, table.port, table.protocol] })],
)
