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
  select ${activityColumns('a')}, a.transaction < pg_snapshot_xmin(pg_current_snapshot()) as settled
  from activities a where (a.transaction, a.position) > ($1::xid8, $2::bigint)
  order by a.transaction, a.position limit $3`

/** Up to `limit` rows after `after`. */
export async function rowsAfter(store: Store, after: Cursor, limit: number): Promise<LogRows> {
  const { rows } = await store.pool.query<ActivityRow & { readonly settled: boolean }>({
    name: 'activity_rows_after',
    text: ROWS,
    values: [after.transaction, after.position, limit],
  })
  // Ordered by transaction: what is not settled comes last.
  const settled = rows.filter((row) => row.settled).map(toActivity)
  return { settled, full: rows.length === limit, unsettled: settled.length < rows.length }
}

/** What is selected of a row of the log, for `toActivity`. */
export function activityColumns(row: string): string {
  const plain = [
    'kind',
    'actor_kind',
    'actor_id',
    'actor_name',
    'account_id',
    'resource_group_id',
    'vm_id',
    'boundary_id',
  ]
  const about = ['policy_id', 'request_id', 'grant_id', 'requester_id', 'correlation_id', 'detail']
  return [
    `${row}.transaction::text`,
    `${row}.position::text`,
    `iso(${row}.at) as at`,
    ...[...plain, ...about].map((column) => `${row}.${column}`),
  ].join(', ')
}

/** A row of the log as it was selected. */
export interface ActivityRow {
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
}

export function toActivity(row: ActivityRow): Activity {
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
