import { actions } from '../access/role.ts'
import { readSources } from '../access/source.ts'
import { readTicket } from '../access/ticket.ts'
import type { UserError } from '../access/user-error.ts'
import { may, type Viewer } from '../access/viewer.ts'
import { longestJustification, readWindow, type WindowInput } from '../access/window.ts'
import type { Protocol } from '../access/words.ts'
import { assignedRoles } from '../store/assigned-roles.ts'
import { markPathsDue } from '../store/due.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import type { CommandContext, RequestOutcome } from './command.ts'
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
  const userErrors = [...boundErrors(input), ...justificationErrors(input.justification), ...ticketErrors]
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
      const asks = { justification: input.justification?.trim() || null, ticket, sources: read.sources, endsAt }
      const { viewer } = context
      const access = { ...asks, durationSeconds, requesterId: viewer.actor.id }
      const judged = await evaluateTargets(
        tx,
        input.targets.map((target) => ({ viewer, target, access })),
      )
      const permitted = judged.flatMap((one) => one.permitted)
      const failures = judged.flatMap((one) => one.userErrors)
      if (permitted.length === 0) return refused(failures)
      const waits = startsAt !== null || permitted.some(({ approval }) => approval !== null)
      const configured = waits && (await isConfigured(tx, viewer, permitted))
      const details = { ...asks, startsAt, now, configured }
      const { state, ...written } = await insertRequest(tx, viewer, permitted, details)
      if (state === 'OPENING') await markPathsDue(tx, [...new Set(permitted.map((grant) => grant.machine.id))])
      else await tx.execute(sql`select pg_notify('jit_due', '')`)
      return { ...written, userErrors: failures }
    },
  )
  return 'code' in answer ? refused([answer]) : answer
}

/**
 * Whether the right to ask comes from the configuration: from no role that is assigned. What has to wait is evaluated
 * again when it is to open, and only assigned roles can have been removed by then.
 */
async function isConfigured(tx: Transaction, viewer: Viewer, permitted: readonly Permitted[]): Promise<boolean> {
  const [rolesHeld = []] = await assignedRoles(tx, [viewer])
  const assigned = { ...viewer, rolesHeld }
  return permitted.some(({ machine }) => !may(assigned, actions.requestAccess, machine.id))
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

function justificationErrors(text: string | null | undefined): UserError[] {
  if ((text ?? '').length <= longestJustification) return []
  const limit = longestJustification
  const message = `A justification has at most ${limit} characters.`
  return [{ code: 'LIMIT_EXCEEDED', field: ['justification'], limit, message }]
}
