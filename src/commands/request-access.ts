import { accountOf } from '../access/scope.ts'
import type { UserError } from '../access/user-error.ts'
import { markPathsDue } from '../store/due.ts'
import { passGates } from '../store/lockdowns.ts'
import { sql } from '../store/sql.ts'
import type { CommandContext, RequestOutcome } from './command.ts'
import { recordUse } from './break-glass-rows.ts'
import { isConfigured } from './configured-right.ts'
import { once } from './idempotency.ts'
import { judgeRequest } from './judge-request.ts'
import type { Permitted } from './judge-target.ts'
import { readRequest, type AccessInput } from './read-request.ts'
import { beginningState, insertRequest } from './request-rows.ts'

/** What is asked, and the key under which it is asked once. */
export interface RequestAccessInput extends AccessInput {
  readonly idempotencyKey?: string | null
}

/**
 * Asks for access: a grant for each port its policy permits, the failed constraints of the others. When any of them
 * needs approval all of them wait for it: what is asked for together is decided together.
 */
export async function requestAccess(context: CommandContext, input: RequestAccessInput): Promise<RequestOutcome> {
  const { viewer } = context
  const request = readRequest(viewer, input)
  if (request.userErrors.length > 0) return refused(request.userErrors)
  const { asked, sources, justification, ticket, breakGlass } = request

  const { idempotencyKey: key = null, ...body } = input
  const answer = await once<RequestOutcome>(
    context,
    { verb: 'requestAccess', key, body: { ...body, asked } },
    (outcome) => outcome.requestId !== null,
    async (tx) => {
      await passGates(
        tx,
        request.targets.flatMap(({ vmId }) => accountOf(vmId.toLowerCase()) ?? []),
      )
      const { judged, userErrors, now, startsAt, endsAt } = await judgeRequest(tx, viewer, request, 'share')
      if (userErrors.length > 0) return refused(userErrors)
      const permitted = judged.flatMap((one) => one.permitted)
      const failures = judged.flatMap((one) => one.userErrors)
      if (permitted.length === 0) return refused(failures)
      const waits = beginningState(permitted, startsAt) !== 'OPENING'
      const configured = waits && (await isConfigured(tx, viewer, vmIdsOf(permitted)))
      const details = { justification, ticket, sources, endsAt, startsAt, now, configured, breakGlass }
      const { state, ...written } = await insertRequest(tx, viewer, permitted, details)
      if (breakGlass) await recordUse(tx, viewer.actor, written.requestId, permitted)
      if (state === 'OPENING') await markPathsDue(tx, vmIdsOf(permitted))
      else await tx.execute(sql`select pg_notify('jit_due', '')`)
      return { ...written, userErrors: failures }
    },
  )
  return 'code' in answer ? refused([answer]) : answer
}

const vmIdsOf = (permitted: readonly Permitted[]) => [...new Set(permitted.map(({ machine }) => machine.id))]

const refused = (userErrors: readonly UserError[]): RequestOutcome => ({ requestId: null, grantIds: [], userErrors })
