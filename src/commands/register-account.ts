import { actions } from '../access/role.ts'
import { accountOf } from '../access/scope.ts'
import { may } from '../access/viewer.ts'
import { appendFacts } from '../store/append-facts.ts'
import { sql } from '../store/sql.ts'
import type { CommandContext, Outcome } from './command.ts'

/** Longest name of an account, in characters. */
const LONGEST_NAME = 100

/** Takes a cloud account under management; inventory sync finds its virtual machines. Registering twice is no error. */
export async function registerAccount(
  { store, viewer }: CommandContext,
  input: { readonly subscriptionId: string; readonly name?: string | null },
): Promise<Outcome> {
  const id = input.subscriptionId.toLowerCase()
  const name = input.name?.trim() || id
  if (accountOf(`/subscriptions/${id}`) !== id)
    return refused('INVALID_INPUT', 'subscriptionId', 'A subscription id is a GUID of 36 characters.')
  if (name.length > LONGEST_NAME)
    return refused('INVALID_INPUT', 'name', `A name has at most ${LONGEST_NAME} characters.`)
  if (!may(viewer, actions.writeAccount, `/subscriptions/${id}`))
    return {
      id: null,
      userErrors: [
        {
          code: 'NOT_PERMITTED',
          field: ['subscriptionId'],
          action: actions.writeAccount,
          message: 'You may not register this subscription.',
        },
      ],
    }
  await store.db.transaction(async (tx) => {
    const { rowCount } = await tx.execute(sql`
      insert into accounts (id, name, registered_at, next_sync_at) values (${id}, ${name}, gateway_now(), gateway_now())
      on conflict do nothing`)
    if (rowCount === 0) return
    await appendFacts(tx, [{ kind: 'AccountRegistered', actor: viewer.actor, accountId: id, detail: { name } }])
    await tx.execute(sql`select pg_notify('jit_due', '')`)
  })
  return { id, userErrors: [] }
}

const refused = (code: 'INVALID_INPUT', field: string, message: string): Outcome => ({
  id: null,
  userErrors: [{ code, field: [field], message }],
})
