import { actions } from '../access/role.ts'
import type { UserError } from '../access/user-error.ts'
import { may } from '../access/viewer.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import { recordBreakGlass } from './break-glass-rows.ts'
import type { CommandContext, Outcome } from './command.ts'

/** Longest note of a review, in characters. */
export const longestNote = 1_000

/** Reviews a use of break-glass, as somebody else than whoever used it: it is done once, and then off the list. */
export async function reviewBreakGlass(
  { store, viewer }: CommandContext,
  input: { readonly requestId: string; readonly note: string },
): Promise<Outcome> {
  const { requestId } = input
  const note = input.note.trim()
  const wrong = noteError(note)
  if (wrong !== null) return refused(wrong)
  return store.db.transaction(async (tx) => {
    const found = await findUse(tx, requestId)
    const own = found?.usedById === viewer.actor.id
    if (found === undefined || !(own || found.vmIds.some((vmId) => may(viewer, actions.readGrant, vmId))))
      return refused(notFound)
    if (own) return refused({ ...notPermitted, message: 'Nobody reviews what they did themselves.' })
    if (!found.vmIds.every((vmId) => may(viewer, actions.reviewBreakGlass, vmId))) return refused(notPermitted)
    const { actor } = viewer
    // Whoever comes second waits for the first, and then finds it reviewed.
    const { rowCount } = await tx.execute(sql`
      update break_glass_uses set reviewed_at = gateway_now(), reviewed_by_kind = ${actor.kind},
        reviewed_by_id = ${actor.id}, reviewed_by_name = ${actor.name}, note = ${note}
      where request_id = ${requestId}::uuid and reviewed_at is null`)
    if (rowCount === 0) return refused(reviewed)
    await recordBreakGlass(tx, actor, requestId, 'BreakGlassReviewed')
    return { id: requestId, userErrors: [] }
  })
}

interface Found extends Record<string, unknown> {
  readonly usedById: string
  readonly vmIds: readonly string[]
}

/** What of a use never changes, read without a lock. */
async function findUse(tx: Transaction, requestId: string): Promise<Found | undefined> {
  const { rows } = await tx.execute<Found>(sql`
    select b.used_by_id as "usedById", array(select distinct g.vm_id from grants g where g.request_id = b.request_id)
      as "vmIds"
    from break_glass_uses b where b.request_id = ${requestId}::uuid`)
  return rows[0]
}

function noteError(note: string): UserError | null {
  const field = ['note']
  if (note === '') return { code: 'INVALID_INPUT', field, message: 'Say what was found.' }
  if (note.length <= longestNote) return null
  return { code: 'LIMIT_EXCEEDED', field, limit: longestNote, message: `A note has at most ${longestNote} characters.` }
}

const field = ['requestId']
const notFound: UserError = {
  code: 'NOT_FOUND',
  field,
  message: 'There is no such request by break-glass, or you may not see it.',
}
const notPermitted: UserError = {
  code: 'NOT_PERMITTED',
  field,
  action: actions.reviewBreakGlass,
  message: 'You may not review break-glass at every machine of this request.',
}
const reviewed: UserError = { code: 'CONFLICT', field, message: 'It was reviewed already.' }

const refused = (error: UserError): Outcome => ({ id: null, userErrors: [error] })
