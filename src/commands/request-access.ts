import { readSources } from '../access/source.ts'
import type { UserError } from '../access/user-error.ts'
import { longestJustification, readWindow, type WindowInput } from '../access/window.ts'
import type { Protocol } from '../access/words.ts'
import { markPathsDue } from '../store/due.ts'
import { sql } from '../store/sql.ts'
import type { CommandContext, RequestOutcome } from './command.ts'
import { evaluateTargets } from './evaluate-targets.ts'
import { once } from './idempotency.ts'
import { insertRequest } from './request-rows.ts'

/** What is asked: ports of machines, from sources, for a while. */
export interface RequestAccessInput extends WindowInput {
  readonly targets: readonly TargetInput[]
  /** Null asks for the address the call came from. */
  readonly sources?: readonly string[] | null
  readonly justification?: string | null
  readonly idempotencyKey?: string | null
}

/** One machine and the ports asked of it. */
export interface TargetInput {
  readonly vmId: string
  readonly ports: readonly { readonly port: number; readonly protocol?: Protocol | null }[]
}

/** Most machines and most grants of one request. */
export const requestBounds = { mostTargets: 100, mostGrants: 500 } as const

/** Asks for access: a grant for each port its policy permits, the failed constraints of the others. */
export async function requestAccess(context: CommandContext, input: RequestAccessInput): Promise<RequestOutcome> {
  const userErrors = [...boundErrors(input), ...justificationErrors(input.justification)]
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
      const { permitted, userErrors: failures } = await evaluateTargets(tx, context.viewer, input.targets, {
        sources: read.sources,
        durationSeconds: window.durationSeconds,
        endsAt: window.endsAt,
      })
      if (permitted.length === 0) return refused(failures)
      const justification = input.justification?.trim() || null
      const written = await insertRequest(tx, context.viewer.actor, permitted, {
        justification,
        sources: read.sources,
        endsAt: window.endsAt,
        now,
      })
      await markPathsDue(tx, [...new Set(permitted.map((grant) => grant.machine.id))])
      return { ...written, userErrors: failures }
    },
  )
  return 'code' in answer ? refused([answer]) : answer
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
