import { sql } from 'drizzle-orm'
import { customType, text, timestamp } from 'drizzle-orm/pg-core'

/** A moment to the millisecond: finer ones would be lost in cursors and break paging. */
export const instant = (name: string) => timestamp(name, { precision: 3, withTimezone: true, mode: 'date' })

/** A list of texts, empty rather than null. */
export const texts = (name: string) =>
  text(name)
    .array()
    .notNull()
    .default(sql`'{}'`)

/** Postgres's 64-bit transaction id; text in code, since it outgrows a double. */
export const xid8 = customType<{ data: string }>({ dataType: () => 'xid8' })
