import { pause, type Clock } from '../../time/clock.ts'
import { CloudError } from '../error.ts'
import { correlationIdOf, listProperty, property, retryAfterMs, textProperty, type ArmAnswer } from './answer.ts'
import type { ArmClient } from './client.ts'
import { failureOf } from './map-error.ts'

/** How often a write in progress is looked at, in milliseconds; a `Retry-After` of the cloud wins. */
export interface Cadence {
  readonly firstMs: number
  readonly mostMs: number
  /** How long a write is waited for in all. */
  readonly giveUpAfterMs: number
}

/**
 * Waits until the operation of an accepted write has ended. Our own polling, since the SDK's loses the code and details
 * of a failure. Fails with what the operation failed with, and as unanswered when it does not end in time. An answer
 * that names no operation has to be read back to learn more.
 */
export async function awaitOperation(
  client: ArmClient,
  accepted: ArmAnswer,
  cadence: Cadence,
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  const { 'azure-asyncoperation': operation, location } = accepted.headers
  const address = operation ?? (accepted.status === 202 ? location : undefined)
  if (address === undefined) return
  const correlationId = correlationIdOf(accepted)
  const deadline = clock.now() + cadence.giveUpAfterMs
  let wait = retryAfterMs(accepted, clock.now()) ?? cadence.firstMs
  for (let next = cadence.firstMs; ; next = Math.min(next * 1.6, cadence.mostMs)) {
    await pause(clock, Math.min(wait, deadline - clock.now()), signal)
    if (signal?.aborted) throw unended(correlationId)
    const { answer, waitMs } = await look(client, address, clock, correlationId, signal)
    const status =
      answer === null ? null : operation === undefined ? statusOf(answer) : textProperty(answer.body, 'status')
    if (status === 'Succeeded') return
    if (status === 'Failed' || status === 'Canceled') throw failureOf(answer?.body, correlationId)
    if (clock.now() >= deadline) throw unended(correlationId)
    wait = waitMs ?? next
  }
}

/** How `Location` says whether a write has ended: by its status alone. */
const statusOf = (answer: ArmAnswer) => (answer.status === 202 ? 'InProgress' : 'Succeeded')

/**
 * One look, and how long the cloud asks to wait for the next. No answer when nobody gave one, which says nothing about
 * the write. A refused look says nothing about it either: that an operation is not found is not that the group is gone,
 * nor is a look that is found invalid a rule that is. It only says that no more can be learned here.
 */
async function look(
  client: ArmClient,
  address: string,
  clock: Clock,
  correlationId: string | null,
  signal: AbortSignal | undefined,
): Promise<{ readonly answer: ArmAnswer | null; readonly waitMs: number | null }> {
  try {
    const answer = await client.get(address, {}, signal)
    return { answer, waitMs: retryAfterMs(answer, clock.now()) }
  } catch (error) {
    if (!(error instanceof CloudError)) throw error
    const { kind, code, retryAfterMs: waitMs } = error
    if (kind === 'FORBIDDEN' || kind === 'THROTTLED' || code === 'StrangeAddress') throw error
    if (kind === 'UNAVAILABLE' && code !== 'OperationNotFound') return { answer: null, waitMs }
    const message = 'The write was taken, but how it ended cannot be told; the gateway looks what became of it.'
    throw new CloudError('UNAVAILABLE', code, message, { correlationId, cause: error })
  }
}

/** Whether a resource says that a write of it, or of one of a group's rules, has not ended. */
export function isUpdating(raw: unknown): boolean {
  const rules = listProperty(property(raw, 'properties'), 'securityRules')
  return [raw, ...rules].some((part) => {
    const state = textProperty(property(part, 'properties'), 'provisioningState')
    return state === 'Updating' || state === 'Deleting'
  })
}

const unended = (correlationId: string | null) =>
  new CloudError(
    'UNAVAILABLE',
    'OperationNotEnded',
    'The write has not ended in time; the gateway looks what became of it.',
    {
      correlationId,
    },
  )
