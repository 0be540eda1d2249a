import { sql } from 'drizzle-orm'
import type { Lockdown } from '../access/lockdown.ts'
import { accountOf } from '../access/scope.ts'
import type { Transaction } from './store.ts'

/** The space of advisory locks that are the gates between requests and lockdowns; nobody else locks in it. */
const GATES = 7_461_002

/**
 * Passes the gates of these accounts: until the transaction is over no lockdown that concerns them begins, and one that
 * has begun is waited for. Whoever makes grants passes them before it looks for lockdowns, and before it locks a row.
 */
export async function passGates(tx: Transaction, accountIds: readonly string[]): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock_shared(${GATES}::int, g.gate) from (
    select 0 as gate union select ${gateOf(sql`a`)} from unnest(${sql.param(accountIds)}::text[]) a order by 1) g`)
}

/**
 * Shuts the gate of a scope: waits until every transaction that makes grants there is over, and keeps out others until
 * this one is. What was made is then there to be seen by the statements that follow.
 */
export async function shutGate(tx: Transaction, scope: string): Promise<void> {
  const account = accountOf(scope)
  if (account === null) {
    await tx.execute(sql`select pg_advisory_xact_lock(${GATES}::int, 0)`)
    return
  }
  // In the one order of gates, as everybody passes them.
  await tx.execute(sql`
    select case g.gate when 0 then pg_advisory_xact_lock_shared(${GATES}::int, 0)
      else pg_advisory_xact_lock(${GATES}::int, g.gate) end
    from (select 0 as gate union select ${gateOf(sql`${account}::text`)} order by 1) g`)
}

/** The gate of an account; 0 is that of everything. Accounts that share one only wait for each other. */
const gateOf = (account: ReturnType<typeof sql>) => sql`hashtext(${account}) | 1`

/** The lockdowns in force at any of these scopes, by scope. */
export async function lockdownsAt(tx: Transaction, scopes: readonly string[]): Promise<ReadonlyMap<string, Lockdown>> {
  const { rows } = await tx.execute<Lockdown & Record<string, unknown>>(sql`
    select scope, reason, iso(began_at) as since from lockdowns
    where scope = any(${sql.param(scopes)}::text[]) and lifted_at is null`)
  return new Map(rows.map((row) => [row.scope, row]))
}
