import { pause, type Clock } from '../../time/clock.ts'
import { CloudError } from '../error.ts'
import { correlationIdOf, property, retryAfterMs, textProperty, type ArmAnswer } from './answer.ts'
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
 * of a failure. Fails with what the operation failed with, and as unanswered when it does not end in time.
 */
export async function awaitOperation(
  client: ArmClient,
  accepted: ArmAnswer,
  cadence: Cadence,
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  const address = accepted.headers['azure-asyncoperation']
  if (address === undefined) return
  const correlationId = correlationIdOf(accepted)
  const deadline = clock.now() + cadence.giveUpAfterMs
  let wait = retryAfterMs(accepted, clock.now()) ?? cadence.firstMs
  for (let next = cadence.firstMs; ; next = Math.min(next * 1.6, cadence.mostMs)) {
    await pause(clock, wait, signal)
    if (signal?.aborted || clock.now() > deadline) throw unended(correlationId)
    const answer = await poll(client, address, signal)
    const status = textProperty(answer?.body, 'status')
    if (status === 'Succeeded') return
    if (status === 'Failed' || status === 'Canceled') throw failureOf(answer?.body, correlationId)
    wait = (answer === null ? null : retryAfterMs(answer, clock.now())) ?? next
  }
}

/** One look; null when nobody answered, which says nothing about the write. */
async function poll(client: ArmClient, address: string, signal: AbortSignal | undefined): Promise<ArmAnswer | null> {
  try {
    return await client.get(address, {}, signal)
  } catch (error) {
    if (error instanceof CloudError && error.kind === 'UNAVAILABLE' && error.code !== 'StrangeAddress') return null
    throw error
  }
}

/** Whether a resource says that a write of it has not ended. */
export function isUpdating(raw: unknown): boolean {
  const state = textProperty(property(raw, 'properties'), 'provisioningState')
  return state === 'Updating' || state === 'Deleting'
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
