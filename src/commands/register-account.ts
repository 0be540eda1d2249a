import { actions } from '../access/role.ts'
import { accountOf, accountScope, cloudOf } from '../access/scope.ts'
import { may } from '../access/viewer.ts'
import { appendFacts } from '../store/append-facts.ts'
import { sql } from '../store/sql.ts'
import type { CommandContext, Outcome } from './command.ts'

/** Longest name of an account, in characters. */
export const LONGEST_NAME = 100

/** Which account to take under management: an Azure subscription or an AWS account, one of the two. */
export interface RegisterAccountInput {
  readonly subscriptionId?: string | null
  readonly awsAccountId?: string | null
  readonly name?: string | null
}

/** Takes a cloud account under management; inventory sync finds its virtual machines. Registering twice is no error. */
export async function registerAccount(
  { store, viewer }: CommandContext,
  input: RegisterAccountInput,
): Promise<Outcome> {
  const { subscriptionId = null, awsAccountId = null } = input
  if ((subscriptionId === null) === (awsAccountId === null))
    return refused('INVALID_INPUT', 'subscriptionId', 'Name a subscription or an AWS account, one of the two.')
  const field = subscriptionId === null ? 'awsAccountId' : 'subscriptionId'
  const id = (subscriptionId ?? awsAccountId ?? '').toLowerCase()
  const name = input.name?.trim() || id
  const isThere = accountOf(accountScope(id)) === id && cloudOf(id) === (subscriptionId === null ? 'AWS' : 'AZURE')
  if (!isThere) return refused('INVALID_INPUT', field, described[field])
  if (name.length > LONGEST_NAME)
    return refused('INVALID_INPUT', 'name', `A name has at most ${LONGEST_NAME} characters.`)
  if (!may(viewer, actions.writeAccount, accountScope(id)))
    return {
      id: null,
      userErrors: [
        {
          code: 'NOT_PERMITTED',
          field: [field],
          action: actions.writeAccount,
          message: 'You may not register this account.',
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

const described = {
  subscriptionId: 'A subscription id is a GUID of 36 characters.',
  awsAccountId: 'The id of an AWS account is a number of twelve digits.',
}

const refused = (code: 'INVALID_INPUT', field: string, message: string): Outcome => ({
  id: null,
  userErrors: [{ code, field: [field], message }],
})
