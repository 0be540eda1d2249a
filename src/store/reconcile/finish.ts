import { sql } from 'drizzle-orm'
import type { CloudFault } from '../../access/facts.ts'
import { gatewayActor } from '../../access/words.ts'
import { appendFacts } from '../append-facts.ts'
import { markOpenPortsDue } from '../open-ports/due.ts'
import type { Store } from '../store.ts'
import type { Claim } from './claim.ts'
import { recordExposures } from './exposures.ts'
import { failOpenings } from './fail-openings.ts'
import { holdClaim } from './record.ts'
import { seenBy } from './seen.ts'
import { settleGrants } from './settle.ts'

/**
 * Gives a claim back after a pass that recorded what it saw. The boundary is looked at again at once when somebody asked
 * meanwhile, when a grant that was live at the start is no longer, or when something live is to be shut there; after `againInMs` when
 * something was not proven yet; otherwise after `resyncMs`, or never when both are null.
 */
export async function finishPass(
  store: Store,
  owner: string,
  claim: Claim,
  outcome: {
    readonly liveIds: readonly string[]
    readonly resyncMs: number | null
    readonly againInMs: number | null
    /** How long a write of the boundary took until it was read back, in milliseconds; null when nothing was written. */
    readonly wroteMs: number | null
  },
): Promise<void> {
  const wroteMs = outcome.wroteMs === null ? null : Math.ceil(outcome.wroteMs)
  await store.db.execute(sql`
    with held as (
      -- What is expected of the next write rises at once and falls by and by.
      select greatest(${wroteMs}::int, (h.write_ms + coalesce(${wroteMs}::int, h.write_ms)) / 2) as write_ms
      from boundary_reconciles h where h.boundary_id = ${claim.boundaryId}
    )
    update boundary_reconciles r set write_ms = held.write_ms, lease_owner = null, lease_until = null, last_error_code = null,
      last_error_message = null,
      missing_permissions = case when ${wroteMs === null}::boolean then array(
        select p from unnest(r.missing_permissions) p where p !~ ${READING}) else '{}' end,
      claimed_generation = null, pending_at = null,
      attempts = case when ${outcome.againInMs !== null} then r.attempts + 1 else 0 end,
      urgent = r.urgent and (r.generation > r.claimed_generation or ${outcome.againInMs !== null}),
      next_run_at = least(
        case when r.generation > r.claimed_generation then coalesce(r.pending_at, gateway_now()) end,
        case when exists (select 1 from grants where id = any(${sql.param(outcome.liveIds)}::uuid[])
          and (state not in ('OPENING', 'ACTIVE') or open_failed_at is not null)) then gateway_now() end,
        (select min(${seenBy(claim).leavesAt}) from grants g where g.id = any(${sql.param(outcome.liveIds)}::uuid[])
          and g.state in ('OPENING', 'ACTIVE')),
        gateway_now() + make_interval(secs => ${outcome.againInMs}::float8 / 1000),
        gateway_now() + make_interval(secs => ${outcome.resyncMs}::float8 / 1000))
    from held where r.boundary_id = ${claim.boundaryId} and r.fence = ${claim.fence}::bigint and r.lease_owner = ${owner}`)
}

/** Permissions to read, as Azure and AWS name them: whoever has read has them. */
const READING = '(/read|:(Describe|Get|List)\\w*)$'

/** A pass that could not do its work, and when to try again. */
export interface PassFailure {
  readonly fault: CloudFault
  readonly correlationId: string | null
  /** By the cloud's own names; empty when something else failed. */
  readonly missingPermissions: readonly string[]
  readonly retryInMs: number
  /** The cloud refuses the whole account for so long, in milliseconds; null when it does not. */
  readonly throttledMs: number | null
  /** The boundary is gone from the cloud: it shows nothing for anybody. */
  readonly gone: boolean
  /** Openings to give up because trying again cannot help. */
  readonly refused: readonly { readonly grantId: string; readonly fault: CloudFault }[]
  /** Grants in CLOSING that this pass should have proven closed. */
  readonly closing: readonly string[]
}

/** Gives a claim back after a pass that failed: says why, where a close is held up too, and plans the next try. */
export async function failPass(store: Store, owner: string, claim: Claim, failure: PassFailure): Promise<void> {
  await store.db.transaction(async (tx) => {
    const account = failure.gone || failure.throttledMs !== null
    if (!(await holdClaim(tx, owner, claim, { account }))) return
    if (failure.gone) await recordGone(tx, claim)
    else await delayCloses(tx, claim, failure)
    await failOpenings(tx, failure.refused)
    if (claim.attempts === 0)
      await appendFacts(tx, [
        {
          kind: 'BoundaryWriteFailed',
          actor: gatewayActor,
          accountId: claim.accountId,
          boundaryId: claim.boundaryId,
          correlationId: failure.correlationId,
          detail: { fault: failure.fault, attempts: 1 },
        },
      ])
    if (failure.throttledMs !== null)
      await tx.execute(sql`update accounts set throttled_until =
        greatest(throttled_until, gateway_now() + make_interval(secs => ${failure.throttledMs}::float8 / 1000))
        where id = ${claim.accountId}`)
    await tx.execute(sql`
      update boundary_reconciles r set lease_owner = null, lease_until = null, attempts = r.attempts + 1,
        last_error_code = ${failure.fault.code}, last_error_message = ${failure.fault.message},
        missing_permissions = case when ${failure.gone} then '{}'
          when cardinality(${sql.param(failure.missingPermissions)}::text[]) > 0
          then ${sql.param(failure.missingPermissions)}::text[] else r.missing_permissions end,
        claimed_generation = null, pending_at = null,
        next_run_at = case when ${failure.gone} then null
          else gateway_now() + make_interval(secs => ${failure.retryInMs}::float8 / 1000) end
      where r.boundary_id = ${claim.boundaryId}`)
  })
}

type Tx = Parameters<Parameters<Store['db']['transaction']>[0]>[0]

async function delayCloses(tx: Tx, claim: Claim, failure: PassFailure): Promise<void> {
  if (failure.closing.length === 0) return
  await tx.execute(sql`
    with delayed as (
      update grants g set close_attempts = g.close_attempts + 1, last_close_error = ${failure.fault.message},
        fault_code = ${failure.fault.code}, fault_message = ${failure.fault.message}
      from (select id, last_close_error from grants where id = any(${sql.param(failure.closing)}::uuid[])
        and state = 'CLOSING' order by id for no key update) was
      where g.id = was.id
      returning g.id, g as "grant", was.last_close_error is distinct from ${failure.fault.message} as news
    )
    insert into activities (kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id, boundary_id,
      request_id, grant_id, requester_id, correlation_id, detail)
    select 'GrantCloseDelayed', ${gatewayActor.kind}, ${gatewayActor.id}, ${gatewayActor.name},
      (d."grant").account_id, (d."grant").resource_group_id, (d."grant").vm_id, ${claim.boundaryId},
      (d."grant").request_id, d.id, (d."grant").requester_id, ${failure.correlationId}, grant_snapshot(d."grant")
    from delayed d where d.news order by d.id`)
}

/** A boundary that does not exist admits nothing by a rule of ours; inventory sync finds what stands on the path now. */
async function recordGone(tx: Tx, claim: Claim): Promise<void> {
  await tx.execute(sql`update boundaries set gone_at = gateway_now(), rules = '[]' where id = ${claim.boundaryId}`)
  const { rows } = await tx.execute<{ grant_id: string }>(sql`
    update enforcements e set status = 'ABSENT', observed_at = gateway_now(), rule_name = null
    from grants g where g.id = e.grant_id and e.boundary_id = ${claim.boundaryId}
      and g.state in ('OPENING', 'ACTIVE', 'CLOSING') returning e.grant_id`)
  await tx.execute(sql`delete from boundary_shadows where boundary_id = ${claim.boundaryId}`)
  await markOpenPortsDue(tx, claim.boundaryId)
  await recordExposures(tx, { boundaryId: claim.boundaryId })
  await tx.execute(sql`update accounts set next_sync_at = gateway_now() where id = ${claim.accountId}`)
  await settleGrants(
    tx,
    rows.map((row) => row.grant_id),
    null,
  )
}
