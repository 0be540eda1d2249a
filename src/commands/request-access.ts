import { accountOf } from '../access/scope.ts'
import { readSources } from '../access/source.ts'
import { readTicket } from '../access/ticket.ts'
import type { UserError } from '../access/user-error.ts'
import { justificationErrors, readWindow, type WindowInput } from '../access/window.ts'
import type { Protocol } from '../access/words.ts'
import { markPathsDue } from '../store/due.ts'
import { passGates } from '../store/lockdowns.ts'
import { sql } from '../store/sql.ts'
import type { CommandContext, RequestOutcome } from './command.ts'
import { recordUse } from './break-glass-rows.ts'
import { isConfigured } from './configured-right.ts'
import { evaluateTargets, type Permitted } from './evaluate-targets.ts'
import { once } from './idempotency.ts'
import { insertRequest } from './request-rows.ts'

/** What is asked: ports of machines, from sources, for a while. */
export interface RequestAccessInput extends WindowInput {
  readonly targets: readonly TargetInput[]
  /** Null asks for the address the call came from. */
  readonly sources?: readonly string[] | null
  readonly justification?: string | null
  readonly ticket?: { readonly id: string; readonly system?: string | null } | null
  /** Opens at once past what break-glass may go past; it needs a justification, and is reviewed afterwards. */
  readonly breakGlass?: boolean | null
  readonly idempotencyKey?: string | null
}

/** One machine and the ports asked of it. */
export interface TargetInput {
  readonly vmId: string
  readonly ports: readonly { readonly port: number; readonly protocol?: Protocol | null }[]
}

/** Most machines and most grants of one request. */
export const requestBounds = { mostTargets: 100, mostGrants: 500 } as const

/**
 * Asks for access: a grant for each port its policy permits, the failed constraints of the others. When any of them
 * needs approval all of them wait for it: what is asked for together is decided together.
 */
export async function requestAccess(context: CommandContext, input: RequestAccessInput): Promise<RequestOutcome> {
  const { ticket, userErrors: ticketErrors } = readTicket(input.ticket)
  const breakGlass = input.breakGlass ?? false
  const justification = input.justification?.trim() || null
  const userErrors = [...boundErrors(input), ...justificationErrors(input.justification), ...ticketErrors]
  if (breakGlass) userErrors.push(...breakGlassErrors(justification, input.startsAt))
  const address = context.viewer.address
  const asked = input.sources ?? (address === null ? null : [address])
  if (asked === null)
    userErrors.push({
      code: 'INVALID_INPUT',
      field: ['sources'],
      message: 'Your address cannot be told from this call: name the sources.',
    })
  const read = readSources(asked ?? [], ['sources'])
  if (asked !== null) userErrors.push(...read.userErrors)
  if (userErrors.length > 0) return refused(userErrors)

  const { idempotencyKey: key = null, ...body } = input
  const answer = await once<RequestOutcome>(
    context,
    { verb: 'requestAccess', key, body: { ...body, asked } },
    (outcome) => outcome.requestId !== null,
    async (tx) => {
      const clock = await tx.execute<{ now: Date }>(sql`select gateway_now() as now`)
      const now = new Date((clock.rows[0] as { now: Date | string }).now)
      const window = readWindow(input, now)
      if (window.userErrors.length > 0) return refused(window.userErrors)
      const { durationSeconds, startsAt, endsAt } = window
      const asks = { justification, ticket, sources: read.sources, endsAt }
      const { viewer } = context
      await passGates(
        tx,
        input.targets.flatMap(({ vmId }) => accountOf(vmId.toLowerCase()) ?? []),
      )
      const access = { ...asks, durationSeconds, requesterId: viewer.actor.id, breakGlass }
      const judged = await evaluateTargets(
        tx,
        input.targets.map((target) => ({ viewer, target, access })),
      )
      const permitted = judged.flatMap((one) => one.permitted)
      const failures = judged.flatMap((one) => one.userErrors)
      if (permitted.length === 0) return refused(failures)
      const waits = startsAt !== null || permitted.some(({ approval }) => approval !== null)
      const configured = waits && (await isConfigured(tx, viewer, vmIdsOf(permitted)))
      const details = { ...asks, startsAt, now, configured, breakGlass }
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

function breakGlassErrors(justification: string | null, startsAt: Date | null | undefined): UserError[] {
  const refusal = (field: string, message: string) => ({ code: 'INVALID_INPUT' as const, field: [field], message })
  return [
    ...(justification === null ? [refusal('justification', 'Break-glass needs a justification.')] : []),
    ...(startsAt ? [refusal('startsAt', 'Break-glass opens at once: leave the beginning out.')] : []),
  ]
}

const refused = (userErrors: readonly UserError[]): RequestOutcome => ({ requestId: null, grantIds: [], userErrors })

function boundErrors({ targets }: RequestAccessInput): UserError[] {
  const { mostTargets, mostGrants } = requestBounds
  const field = ['targets']
  if (targets.length === 0)
    return [{ code: 'INVALID_INPUT', field, message: 'Name at least one virtual machine and port.' }]
  if (targets.length > mostTargets)
    return [
      { code: 'LIMIT_EXCEEDED', field, limit: mostTargets, message: `At most ${mostTargets} machines in one request.` },
    ]
  if (targets.reduce((sum, target) => sum + target.ports.length, 0) > mostGrants)
    return [
      { code: 'LIMIT_EXCEEDED', field, limit: mostGrants, message: `At most ${mostGrants} ports in one request.` },
    ]
  const ids = targets.map((target) => target.vmId.toLowerCase())
  return ids.flatMap((id, index): UserError[] =>
    ids.indexOf(id) === index
      ? []
      : [
          {
            code: 'INVALID_INPUT',
            field: [...field, String(index), 'virtualMachine'],
            message: 'This machine is named twice.',
          },
        ],
  )
}
