import { readSources } from '../access/source.ts'
import { readTicket, type Ticket } from '../access/ticket.ts'
import type { UserError } from '../access/user-error.ts'
import type { Viewer } from '../access/viewer.ts'
import { justificationErrors, type WindowInput } from '../access/window.ts'
import type { Protocol } from '../access/words.ts'

/** What is asked: ports of machines, from sources, for a while. */
export interface AccessInput extends WindowInput {
  readonly targets: readonly TargetInput[]
  /** Null asks for the address the call came from. */
  readonly sources?: readonly string[] | null
  readonly justification?: string | null
  readonly ticket?: { readonly id: string; readonly system?: string | null } | null
  /** Opens at once past what break-glass may go past; it needs a justification, and is reviewed afterwards. */
  readonly breakGlass?: boolean | null
}

/** One machine and the ports asked of it. */
export interface TargetInput {
  readonly vmId: string
  readonly ports: readonly { readonly port: number; readonly protocol?: Protocol | null }[]
}

/** Most machines and most grants of one request. */
export const requestBounds = { mostTargets: 100, mostGrants: 500 } as const

/** A request as it was read. Its window is read against the moment at which it is judged. */
export interface ReadRequest {
  readonly targets: readonly TargetInput[]
  readonly window: WindowInput
  /** As they were asked for: those of the input, or the address the call came from. */
  readonly asked: readonly string[]
  /** Canonical CIDRs. */
  readonly sources: readonly string[]
  readonly justification: string | null
  readonly ticket: Ticket | null
  readonly breakGlass: boolean
  /** What the whole is refused for, whatever policies say. */
  readonly userErrors: readonly UserError[]
}

/** Reads and checks what `viewer` asks for, as far as it can be told from the input alone. */
export function readRequest(viewer: Viewer, input: AccessInput): ReadRequest {
  const { targets, startsAt = null, durationSeconds = null, endsAt = null } = input
  const { ticket, userErrors: ticketErrors } = readTicket(input.ticket)
  const breakGlass = input.breakGlass ?? false
  const justification = input.justification?.trim() || null
  const asked = input.sources ?? (viewer.address === null ? null : [viewer.address])
  const { sources, userErrors: sourceErrors } =
    asked === null ? { sources: [], userErrors: [unknownAddress] } : readSources(asked, ['sources'])
  return {
    targets,
    window: { startsAt, durationSeconds, endsAt },
    asked: asked ?? [],
    sources,
    justification,
    ticket,
    breakGlass,
    userErrors: [
      ...boundErrors(targets),
      ...justificationErrors(input.justification),
      ...ticketErrors,
      ...(breakGlass ? breakGlassErrors(justification, startsAt) : []),
      ...sourceErrors,
    ],
  }
}

const unknownAddress: UserError = {
  code: 'INVALID_INPUT',
  field: ['sources'],
  message: 'Your address cannot be told from this call: name the sources.',
}

function breakGlassErrors(justification: string | null, startsAt: Date | null): UserError[] {
  const refusal = (field: string, message: string) => ({ code: 'INVALID_INPUT' as const, field: [field], message })
  return [
    ...(justification === null ? [refusal('justification', 'Break-glass needs a justification.')] : []),
    ...(startsAt === null ? [] : [refusal('startsAt', 'Break-glass opens at once: leave the beginning out.')]),
  ]
}

function boundErrors(targets: readonly TargetInput[]): UserError[] {
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
