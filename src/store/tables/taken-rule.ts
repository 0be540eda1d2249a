import { jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import type { GroupRule } from '../../firewall/security-group/group-rule.ts'
import { boundaries } from './boundary.ts'
import { instant } from './column.ts'

/**
 * Foreign rules of security groups that were taken away for a policy, or are about to be: a row is written before the
 * cloud is asked, and goes when the rule was written again. It is all that is left of the rule meanwhile.
 */
export const takenRules = pgTable(
  'taken_rules',
  {
    boundaryId: text('boundary_id')
      .notNull()
      .references(() => boundaries.id),
    /** The group and what the rule admits, which no other rule of the group does. */
    place: text().notNull(),
    rule: jsonb().$type<GroupRule>().notNull(),
    rememberedAt: instant('remembered_at').notNull(),
    /** Null until it was seen to be gone. */
    takenAt: instant('taken_at'),
    /** Why it was not taken away, or not written again; null when nothing was wrong. */
    faultCode: text('fault_code'),
    faultMessage: text('fault_message'),
  },
  (table) => [primaryKey({ columns: [table.boundaryId, table.place] })],
)
