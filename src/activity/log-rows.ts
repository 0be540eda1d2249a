import type { FactKind } from '../access/fact-kinds.ts'
import type { ActorKind } from '../access/words.ts'
import type { Store } from '../store/store.ts'
import type { Activity, Cursor, LogRows } from './activity.ts'

/**
 * Transactions commit in another order than they begin, and a row that commits late has an early place. So only rows
 * of transactions older than every running one are final. One statement sees one snapshot: the mark and the rows agree.
 * (`order by` must name the table's columns: by the selected texts, 10 would come before 9.)
 */
const ROWS = `
  select a.transaction::text, a.position::text, iso(at) as at, kind, actor_kind, actor_id, actor_name, account_id,
    resource_group_id, vm_id, boundary_id, policy_id, request_id, grant_id, requester_id, correlation_id, detail,
    a.transaction < pg_snapshot_xmin(pg_current_snapshot()) as settled
  from activities a where (a.transaction, a.position) > ($1::xid8, $2::bigint)
  order by a.transaction, a.position limit $3`

/** Up to `limit` rows after `after`. */
export async function rowsAfter(store: Store, after: Cursor, limit: number): Promise<LogRows> {
  const { rows } = await store.pool.query<Row>({
    name: 'activity_rows_after',
    text: ROWS,
    values: [after.transaction, after.position, limit],
  })
  // Ordered by transaction: what is not settled comes last.
  const settled = rows.filter((row) => row.settled).map(toActivity)
  return { settled, full: rows.length === limit, unsettled: settled.length < rows.length }
}

interface Row {
  readonly transaction: string
  readonly position: string
  readonly at: string
  readonly kind: FactKind
  readonly actor_kind: ActorKind
  readonly actor_id: string
  readonly actor_name: string
  readonly account_id: string | null
  readonly resource_group_id: string | null
  readonly vm_id: string | null
  readonly boundary_id: string | null
  readonly policy_id: string | null
  readonly request_id: string | null
  readonly grant_id: string | null
  readonly requester_id: string | null
  readonly correlation_id: string | null
  readonly detail: Activity['detail']
  readonly settled: boolean
}

function toActivity(row: Row): Activity {
  return {
    cursor: { transaction: row.transaction, position: row.position },
    at: row.at,
    kind: row.kind,
    actor: { kind: row.actor_kind, id: row.actor_id, name: row.actor_name },
    accountId: row.account_id,
    resourceGroupId: row.resource_group_id,
    vmId: row.vm_id,
    boundaryId: row.boundary_id,
    policyId: row.policy_id,
    requestId: row.request_id,
    grantId: row.grant_id,
    requesterId: row.requester_id,
    correlationId: row.correlation_id,
    detail: row.detail,
  }
}
