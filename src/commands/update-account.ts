import { actions } from '../access/role.ts'
import { accountScope } from '../access/scope.ts'
import { may } from '../access/viewer.ts'
import type { DriftResponse } from '../access/words.ts'
import { appendFacts } from '../store/append-facts.ts'
import { sql } from '../store/sql.ts'
import type { CommandContext, Outcome } from './command.ts'
import { LONGEST_NAME } from './register-account.ts'

/** What is to be kept of an account from now on; what is left out, or null, stays as it is. */
export interface UpdateAccountInput {
  readonly accountId: string
  readonly name?: string | null
  readonly driftResponse?: DriftResponse | null
}

/** Changes what is kept of an account. A call that changes nothing is no error, and leaves no trace in the log. */
export async function updateAccount({ store, viewer }: CommandContext, input: UpdateAccountInput): Promise<Outcome> {
  const { accountId } = input
  const scope = accountScope(accountId)
  if (!may(viewer, actions.readAccount, scope)) return notFound
  if (!may(viewer, actions.writeAccount, scope))
    return {
      id: null,
      userErrors: [
        {
          code: 'NOT_PERMITTED',
          field: ['accountId'],
          action: actions.writeAccount,
          message: 'You may not change this account.',
        },
      ],
    }
  const name = input.name?.trim() || null
  if (name !== null && name.length > LONGEST_NAME)
    return {
      id: null,
      userErrors: [
        { code: 'INVALID_INPUT', field: ['name'], message: `A name has at most ${LONGEST_NAME} characters.` },
      ],
    }
  return store.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ name: string; drift_response: DriftResponse }>(
      sql`select name, drift_response from accounts where id = ${accountId} for no key update`,
    )
    const [before] = rows
    if (before === undefined) return notFound
    const after = { name: name ?? before.name, driftResponse: input.driftResponse ?? before.drift_response }
    if (after.name === before.name && after.driftResponse === before.drift_response)
      return { id: accountId, userErrors: [] }
    await tx.execute(sql`
      update accounts set name = ${after.name}, drift_response = ${after.driftResponse} where id = ${accountId}`)
    await appendFacts(tx, [{ kind: 'AccountUpdated', actor: viewer.actor, accountId, detail: after }])
    return { id: accountId, userErrors: [] }
  })
}

const notFound: Outcome = {
  id: null,
  userErrors: [
    { code: 'NOT_FOUND', field: ['accountId'], message: 'There is no such account, or you may not see it.' },
  ],
}
