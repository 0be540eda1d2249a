import { sql, type SQL } from 'drizzle-orm'
import { accountOf, accountScope, resourceGroupOf } from '../access/scope.ts'

/** That a row lies at a scope or below it: it has the columns of an account and a resource group, and `vmId` of a machine. */
export function atScope(scope: string, vmId: SQL): SQL {
  const account = accountOf(scope)
  if (account === null) return sql`true`
  const inAccount = sql`account_id = ${account}`
  if (scope === accountScope(account)) return inAccount
  const below = scope === resourceGroupOf(scope) ? sql`resource_group_id` : vmId
  return sql`${inAccount} and ${below} = ${scope}`
}
