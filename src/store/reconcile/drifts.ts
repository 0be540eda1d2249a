import { sql } from 'drizzle-orm'
import { gatewayActor } from '../../access/words.ts'
import type { AnsweredDrift } from '../../firewall/plan-pass.ts'
import type { Rule } from '../../firewall/rule.ts'
import { appendFacts } from '../append-facts.ts'
import { endGrants } from '../end-grants.ts'
import type { Store, Transaction } from '../store.ts'
import type { Claim } from './claim.ts'

/**
 * Notes what rules of ours a write leaves, before it is sent: should nobody record what became of it, the next pass does
 * not take it for somebody else's. False when the claim was lost, and nothing may be written.
 */
export async function intendRules(store: Store, owner: string, claim: Claim, rules: readonly Rule[]): Promise<boolean> {
  const { rowCount } = await store.db.execute(sql`
    update boundaries set intended_rules = ${JSON.stringify(rules)}::jsonb where id = ${claim.boundaryId}
      and exists (select 1 from boundary_reconciles where boundary_id = ${claim.boundaryId}
        and fence = ${claim.fence}::bigint and lease_owner = ${owner})`)
  return rowCount === 1
}

/** What a pass found that others did to rules of ours, and what becomes of it. */
export interface DriftFound {
  readonly drifts: readonly AnsweredDrift[]
  /** Grants that end for it. */
  readonly closed: readonly string[]
  /** Names of rules that are left as they were made. */
  readonly left: readonly string[]
}

/** Says in the log what others did to rules of ours, and ends what is to end for it. */
export async function recordDrifts(tx: Transaction, claim: Claim, { drifts, closed }: DriftFound): Promise<void> {
  const { boundaryId, accountId } = claim
  await appendFacts(
    tx,
    drifts.map((detail) => ({ kind: 'RuleDrifted' as const, actor: gatewayActor, accountId, boundaryId, detail })),
  )
  if (closed.length > 0) await endGrants(tx, { grantIds: closed }, 'DRIFTED', gatewayActor)
}
