import { integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { instant } from './column.ts'
import { protocol } from './policy.ts'
import { virtualMachines } from './virtual-machine.ts'

/** Exposures the log already speaks of, so that each is found once and cleared once. */
export const reportedExposures = pgTable(
  'reported_exposures',
  {
    vmId: text('vm_id')
      .notNull()
      .references(() => virtualMachines.id),
    port: integer().notNull(),
    protocol: protocol().notNull(),
    boundaryId: text('boundary_id'),
    ruleName: text('rule_name'),
    foundAt: instant('found_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.vmId, table.port, table.protocol] })],
)
