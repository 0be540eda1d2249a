import { sql, type SQL } from 'drizzle-orm'
import type { PolicyTemplate } from '../access/template.ts'
import { atScope } from './at-scope.ts'
import type { Transaction } from './store.ts'

/** The space of advisory locks that keep two from stating the templates of a scope at once; nobody else locks in it. */
const SETS = 7_461_003

/** Keeps everybody else from stating the templates of a scope until this transaction is over. */
export async function holdTemplates(tx: Transaction, scope: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${SETS}::int, hashtext(${scope}))`)
}

/** The templates of these scopes. */
export function templatesAt(tx: Transaction, scopes: readonly string[]): Promise<readonly PolicyTemplate[]> {
  return readTemplates(tx, sql`scope = any(${sql.param(scopes)}::text[])`)
}

/** The templates of the scopes below one. */
export function templatesBelow(tx: Transaction, scope: string): Promise<readonly PolicyTemplate[]> {
  return readTemplates(tx, sql`scope <> ${scope} and starts_with(scope, ${scope === '/' ? '/' : `${scope}/`})`)
}

async function readTemplates(tx: Transaction, which: SQL): Promise<readonly PolicyTemplate[]> {
  const { rows } = await tx.execute<PolicyTemplate & Record<string, unknown>>(sql`
    select id, scope, name, tags, terms, when_left as "whenLeft", version from policy_templates
    where removed_at is null and ${which} order by scope, lower(name)`)
  return rows
}

/** Notes machines whose policies have to be brought up to their templates, and wakes whoever does it. */
export function markTemplatesDue(tx: Transaction, vmIds: readonly string[]): Promise<void> {
  return noteDue(tx, sql`id = any(${sql.param(vmIds)}::text[])`)
}

/** The same of all machines of a scope. */
export function markScopeDue(tx: Transaction, scope: string): Promise<void> {
  return noteDue(tx, atScope(scope, sql`id`))
}

async function noteDue(tx: Transaction, which: SQL): Promise<void> {
  const { rowCount } = await tx.execute(sql`
    insert into templates_due (vm_id) select id from virtual_machines where gone_at is null and ${which} order by id`)
  if (rowCount !== 0) await tx.execute(sql`select pg_notify('jit_due', '')`)
}

/**
 * Takes up to `limit` notes that nobody else takes, and answers their machines, each once, and how many notes they were.
 * What this transaction reads from then on is newer than what they were noted for.
 */
export async function takeTemplatesDue(
  tx: Transaction,
  limit: number,
): Promise<{ readonly vmIds: readonly string[]; readonly taken: number }> {
  const { rows } = await tx.execute<{ vm_id: string }>(sql`
    delete from templates_due where position = any(array(
      select position from templates_due order by position limit ${limit} for update skip locked)) returning vm_id`)
  return { vmIds: [...new Set(rows.map((row) => row.vm_id))], taken: rows.length }
}
