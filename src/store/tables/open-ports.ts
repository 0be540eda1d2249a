import { boolean, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import type { Seen } from '../../firewall/look.ts'
import { virtualMachines } from './virtual-machine.ts'

/** What rules leave open of a machine to any source, as of the last look; no row when that is nothing. */
export const openPorts = pgTable('open_ports', {
  vmId: text('vm_id')
    .primaryKey()
    .references(() => virtualMachines.id),
  ports: jsonb().$type<Seen['ports']>().notNull(),
  /** Management ports among them that its system answers at. */
  exposed: jsonb().$type<Seen['exposed']>().notNull(),
})

/** Machines whose open ports must be looked for again: rules before them changed. */
export const openPortsDue = pgTable('open_ports_due', {
  vmId: text('vm_id')
    .primaryKey()
    .references(() => virtualMachines.id),
  /** What is found was there before anybody looked: the log says nothing of it. */
  quiet: boolean().notNull().default(false),
})
