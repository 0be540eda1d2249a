import { actions } from '../access/role.ts'
import type { UserError } from '../access/user-error.ts'
import { may } from '../access/viewer.ts'
import { appendFacts } from '../store/append-facts.ts'
import { sql } from '../store/sql.ts'
import type { CommandContext, Outcome } from './command.ts'
import { placeOf } from './lock-down.ts'

interface Found extends Record<string, unknown> {
  readonly scope: string
  readonly reason: string
  readonly lifted: boolean
}

/** Lifts a lockdown: access may be asked for again. What it ended stays ended. Lifting one that was lifted is no error. */
export async function liftLockDown(
  { store, viewer }: CommandContext,
  input: { readonly lockdownId: string },
): Promise<Outcome> {
  const { lockdownId: id } = input
  return store.db.transaction(async (tx) => {
    const { rows } = await tx.execute<Found>(sql`
      select scope, reason, lifted_at is not null as lifted from lockdowns where id = ${id}::uuid for no key update`)
    const found = rows[0]
    if (found === undefined || !may(viewer, actions.readLockdown, found.scope)) return refused(notFound)
    if (!may(viewer, actions.liftLockDown, found.scope)) return refused(notPermitted)
    if (found.lifted) return { id, userErrors: [] }
    const { actor } = viewer
    await tx.execute(sql`
      update lockdowns set lifted_at = gateway_now(), lifted_by_kind = ${actor.kind}, lifted_by_id = ${actor.id},
        lifted_by_name = ${actor.name} where id = ${id}::uuid`)
    const { scope, reason } = found
    await appendFacts(tx, [{ kind: 'LockdownLifted', actor, ...placeOf(scope), detail: { scope, reason } }])
    return { id, userErrors: [] }
  })
}

const refused = (error: UserError): Outcome => ({ id: null, userErrors: [error] })

const field = ['lockdownId']
const notFound: UserError = {
  code: 'NOT_FOUND',
  field,
  message: 'There is no such lockdown, or you may not see it.',
}
const notPermitted: UserError = {
  code: 'NOT_PERMITTED',
  field,
  action: actions.liftLockDown,
  message: 'You may not lift this lockdown.',
}
