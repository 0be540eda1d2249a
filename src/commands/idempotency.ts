import { createHash } from 'node:crypto'
import type { Conflict, InvalidInput } from '../access/user-error.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import type { CommandContext } from './command.ts'

/** Longest idempotency key, in characters. */
const LONGEST_KEY = 255

/** For how many days an answer is kept and a repeated call gives it again. */
export const keptDays = 7

/** One call of a creating verb, as the caller named it; without a key every call stands for itself. */
export interface Call {
  readonly verb: string
  readonly key: string | null
  /** What was asked, without the key: a repeated key with another body is refused. */
  readonly body: unknown
}

/** Carries the answer out of a transaction that is rolled back because nothing was to be written. */
class NothingWritten extends Error {
  readonly answer: unknown
  constructor(answer: unknown) {
    super('nothing was written')
    this.answer = answer
  }
}

/**
 * Runs a creating verb in one transaction, at most once per key: repeating a call that wrote something gives its first
 * answer again. `wrote` says whether an answer stands for something written; otherwise all is rolled back, key included.
 */
export async function once<Answer>(
  { store, viewer }: CommandContext,
  call: Call,
  wrote: (answer: Answer) => boolean,
  run: (tx: Transaction) => Promise<Answer>,
): Promise<Answer | Conflict | InvalidInput> {
  const { key, verb } = call
  if (key !== null && (key.length === 0 || key.length > LONGEST_KEY))
    return {
      code: 'INVALID_INPUT',
      field: ['idempotencyKey'],
      message: `An idempotency key has 1 to ${LONGEST_KEY} characters.`,
    }
  const bodyHash = createHash('sha256').update(JSON.stringify(call.body)).digest('hex')
  try {
    return await store.db.transaction(async (tx) => {
      const earlier = key === null ? null : await takeKey(tx, viewer.actor.id, verb, key, bodyHash)
      if (earlier !== null)
        return earlier.body_hash === bodyHash
          ? (earlier.answer as Answer)
          : {
              code: 'CONFLICT' as const,
              field: ['idempotencyKey'],
              message: 'This idempotency key was used before with another input.',
            }
      const answer = await run(tx)
      if (!wrote(answer)) throw new NothingWritten(answer)
      if (key !== null)
        await tx.execute(sql`update idempotency_keys set answer = ${JSON.stringify(answer)}::jsonb
          where actor_id = ${viewer.actor.id} and verb = ${verb} and key = ${key}`)
      return answer
    })
  } catch (error) {
    if (error instanceof NothingWritten) return error.answer as Answer
    throw error
  }
}

/** Takes a key for this transaction, waiting for another that holds it; what the key stands for when it was used. */
async function takeKey(tx: Transaction, actorId: string, verb: string, key: string, bodyHash: string) {
  const { rowCount } = await tx.execute(sql`
    insert into idempotency_keys (actor_id, verb, key, body_hash, answer, used_at)
    values (${actorId}, ${verb}, ${key}, ${bodyHash}, 'null', gateway_now()) on conflict do nothing`)
  if (rowCount === 1) return null
  const { rows } = await tx.execute<{ body_hash: string; answer: unknown }>(sql`
    select body_hash, answer from idempotency_keys
    where actor_id = ${actorId} and verb = ${verb} and key = ${key}`)
  return rows[0] ?? null
}
