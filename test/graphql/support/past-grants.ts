import { randomUUID } from 'node:crypto'
import type { RequestStatus } from '../../../src/access/words.ts'
import type { Store } from '../../../src/store/store.ts'
import { machineKey, resourceGroup, subscription } from './small-estate.ts'

/** A request for ports of one machine of the small estate, and what became of it. Times are seconds before now. */
export interface PastRequest {
  readonly machine: string
  readonly by: string
  readonly asked: number
  /** Since when its ports are open; null: they are not yet. */
  readonly activated?: number | null
  readonly ports?: readonly number[]
  readonly status?: RequestStatus
}

/** Writes a request and its grants as they lie in the tables by now; answers the ids of the grants. */
export async function writePast(store: Store, request: PastRequest): Promise<readonly string[]> {
  const { machine, by, asked, activated = null, ports = [22], status = 'APPROVED' } = request
  const id = randomUUID()
  const waits = status === 'PENDING_APPROVAL'
  const state = waits ? status : status !== 'APPROVED' ? 'CLOSED' : activated === null ? 'OPENING' : 'ACTIVE'
  await store.pool.query(
    `insert into requests (id, requester_kind, requester_id, requester_name, status, requested_at, decide_by, look_at)
     select $1, 'PROGRAM', $2, $2, $3, gateway_now() - $4 * interval '1 second', due, due
     from (select case when $5 then gateway_now() + interval '1 day' end as due) d`,
    [id, by, status, asked, waits],
  )
  const { rows } = await store.pool.query<{ id: string }>(
    `insert into grants (id, request_id, vm_id, account_id, resource_group_id, requester_id, requester_name, port,
       protocol, sources, state, requested_at, duration_seconds, open_by, latest_end, activated_at,
       end_reason)
     select gen_random_uuid(), $1, $2, $3, $4, $5, $5, port, 'TCP', array['192.0.2.1/32'], $6::grant_state,
       gateway_now() - $7 * interval '1 second', 600, gateway_now(), gateway_now(),
       gateway_now() - $8 * interval '1 second', $10::end_reason
     from unnest($9::int[]) port returning id`,
    [
      id,
      machineKey(machine),
      subscription,
      resourceGroup,
      by,
      state,
      asked,
      activated,
      ports,
      state === 'CLOSED' ? status : null,
    ],
  )
  return rows.map((row) => row.id)
}
