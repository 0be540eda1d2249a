import { longestOpening, longestOpeningBehindFirewall } from '../access/window.ts'
import type { Actor } from '../access/words.ts'
import { markPathsDue } from '../store/due.ts'
import { recordUnopened } from '../store/request-facts.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import { isBehindFirewall } from './find-machines.ts'
import type { Outcome } from './waiting-grants.ts'

/**
 * Moves grants, locked by the caller, on to what they come to after they were evaluated again, says so in the log, and
 * has the boundaries of what opens looked at. The time for the opening runs from now.
 */
export async function openWaiting(tx: Transaction, outcomes: readonly Outcome[], actor: Actor): Promise<void> {
  const moving = outcomes.filter(({ grant, state }) => grant.state !== state)
  if (moving.length === 0) return
  const rows = moving.map(({ grant, state, endReason, refusals }) => ({
    id: grant.id,
    state,
    reason: endReason,
    refusals,
  }))
  await tx.execute(sql`
    with moved as (
      select m.*, gateway_now() as now,
        case when ${isBehindFirewall(sql`w.vm_id`)} then ${longestOpeningBehindFirewall}::int else ${longestOpening} end as opening
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as m(id uuid, state grant_state, reason end_reason, refusals jsonb)
      join grants w on w.id = m.id
    )
    update grants g set state = m.state, refusals = m.refusals, end_reason = m.reason,
      ended_by_id = case when m.state = 'CLOSED' then ${actor.id} end,
      closed_at = case when m.state = 'CLOSED' then m.now end,
      open_by = greatest(m.now, g.starts_at) + make_interval(secs => m.opening),
      latest_end = coalesce(g.ends_at,
        greatest(m.now, g.starts_at) + make_interval(secs => m.opening + g.duration_seconds))
    from moved m where g.id = m.id`)
  await recordUnopened(
    tx,
    moving.map(({ grant }) => grant.id),
    actor,
  )
  const opening = moving.filter(({ state }) => state === 'OPENING')
  await markPathsDue(tx, [...new Set(opening.map(({ grant }) => grant.vmId))])
  if (moving.some(({ state }) => state === 'SCHEDULED')) await tx.execute(sql`select pg_notify('jit_due', '')`)
}
