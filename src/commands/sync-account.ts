import { actions } from '../access/role.ts'
import { accountScope } from '../access/scope.ts'
import { may } from '../access/viewer.ts'
import { sql } from '../store/sql.ts'
import type { CommandContext, Outcome } from './command.ts'

/**
 * Asks for an inventory sync of an account now instead of at its next time. One that runs may have read already what
 * the caller wants read: another follows it at once.
 */
export async function syncAccount(
  { store, viewer }: CommandContext,
  input: { readonly accountId: string },
): Promise<Outcome> {
  const scope = accountScope(input.accountId)
  if (!may(viewer, actions.readAccount, scope)) return notFound
  if (!may(viewer, actions.writeAccount, scope))
    return {
      id: null,
      userErrors: [
        {
          code: 'NOT_PERMITTED',
          field: ['accountId'],
          action: actions.writeAccount,
          message: 'You may not have this account synced.',
        },
      ],
    }
  return store.db.transaction(async (tx) => {
    const { rowCount } = await tx.execute(sql`
      update accounts set next_sync_at = case when lease_until is null
        then least(next_sync_at, gateway_now()) else gateway_now() end
      where id = ${input.accountId}`)
    if (rowCount === 0) return notFound
    await tx.execute(sql`select pg_notify('jit_due', '')`)
    return { id: input.accountId, userErrors: [] }
  })
}

const notFound: Outcome = {
  id: null,
  userErrors: [
    { code: 'NOT_FOUND', field: ['accountId'], message: 'There is no such account, or you may not see it.' },
  ],
}
