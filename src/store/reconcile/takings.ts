import { sql } from 'drizzle-orm'
import { gatewayActor } from '../../access/words.ts'
import { foreignName, placeOf, type GroupRule } from '../../firewall/security-group/group-rule.ts'
import type { Tally } from '../../firewall/security-group/taking.ts'
import { appendFacts, type NewFact } from '../append-facts.ts'
import type { Store, Transaction } from '../store.ts'
import type { Claim } from './claim.ts'

/** Remembers foreign rules before they are taken away; false when the claim was lost, and nothing may be taken. */
export async function rememberRules(
  store: Store,
  owner: string,
  claim: Claim,
  rules: readonly GroupRule[],
): Promise<boolean> {
  const { rowCount } = await store.db.execute(sql`
    insert into taken_rules as t (boundary_id, place, rule, remembered_at)
    select ${claim.boundaryId}, r.place, r.rule, gateway_now()
    from jsonb_to_recordset(${JSON.stringify(rules.map((rule) => ({ place: placeOf(rule), rule })))}::jsonb)
      as r(place text, rule jsonb)
    where exists (select 1 from boundary_reconciles where boundary_id = ${claim.boundaryId}
      and fence = ${claim.fence}::bigint and lease_owner = ${owner})
    on conflict (boundary_id, place) do update set rule = excluded.rule`)
  return rowCount === rules.length
}

/** Notes what became of remembered rules, and says in the log which were taken away or written again. */
export async function recordTakings(tx: Transaction, claim: Claim, tally: Tally): Promise<void> {
  const { boundaryId, accountId } = claim
  if (tally.taken.length > 0)
    await tx.execute(sql`
      update taken_rules set taken_at = coalesce(taken_at, gateway_now()), fault_code = null, fault_message = null
      where boundary_id = ${boundaryId} and place = any(${sql.param(tally.taken.map(placeOf))}::text[])`)
  if (tally.left.length > 0) {
    const faults = tally.left.map(({ rule, fault }) => ({ place: placeOf(rule), ...fault }))
    await tx.execute(sql`
      update taken_rules t set fault_code = f.code, fault_message = f.message
      from jsonb_to_recordset(${JSON.stringify(faults)}::jsonb) as f(place text, code text, message text)
      where t.boundary_id = ${boundaryId} and t.place = f.place`)
  }
  if (tally.forgotten.length > 0)
    await tx.execute(sql`delete from taken_rules
      where boundary_id = ${boundaryId} and place = any(${sql.param(tally.forgotten.map(placeOf))}::text[])`)
  const fact =
    (kind: 'ForeignRuleTaken' | 'ForeignRuleReturned') =>
    (rule: GroupRule): NewFact => ({
      kind,
      actor: gatewayActor,
      accountId,
      boundaryId,
      detail: {
        ruleName: foreignName(rule),
        admits: placeOf(rule).slice(rule.groupId.length + 1),
        description: rule.description,
      },
    })
  await appendFacts(tx, [
    ...tally.taken.map(fact('ForeignRuleTaken')),
    ...tally.returned.map(fact('ForeignRuleReturned')),
  ])
}
