import { sql } from 'drizzle-orm'
import type { BoundaryFacts } from '../../firewall/input.ts'
import type { PassFacts } from '../../firewall/plan-pass.ts'
import type { Protocol } from '../../access/words.ts'
import type { Store } from '../store.ts'
import type { Claim } from './claim.ts'
import { seenBy } from './seen.ts'

/** Everything a pass over one boundary decides from, read at `at`. */
export interface PassInput extends PassFacts {
  /** The database's moment before the boundary is read, ISO 8601: what is observed was so at this moment or later. */
  readonly at: string
  /** The etag of the reading that was recorded last, by whichever process; null when none was. */
  readonly etag: string | null
}

/**
 * Reads what a boundary must show. Grants are locked before their ends are looked at: one that is being extended is not
 * over. And it notes the intent: every live grant has an enforcement row here before any cloud call, so that whoever
 * ends the grant later knows where it may be open. Null when the claim was lost.
 */
export async function beginPass(store: Store, owner: string, claim: Claim): Promise<PassInput | null> {
  const id = claim.boundaryId
  const { isBehind, addresses, sources, leavesAt, leavesSoon } = seenBy(claim)
  return store.db.transaction(async (tx) => {
    const live = await tx.execute<Row>(sql`
      with held as (
        select write_ms from boundary_reconciles where boundary_id = ${id} and fence = ${claim.fence}::bigint
          and lease_owner = ${owner}
      ), live as (
        select g.id, g.vm_id, g.port, g.protocol, iso(g.latest_end) as ends, iso(g.ends_at) as window_ends,
          (select ${leavesAt} from held) as leaves_at, (select ${leavesSoon} from held) as leaves_soon,
          exists (select 1 from enforcements e where e.grant_id = g.id and e.boundary_id = ${id}
            and e.left_for = g.ends_at) as has_left, ${sources} as sources, ${addresses} as addresses
        from grants g
        where g.state in ('OPENING', 'ACTIVE') and g.open_failed_at is null
          and g.vm_id in (select vm_id from virtual_machine_interfaces where ${isBehind})
          and exists (select 1 from held)
        order by g.id for share of g
      ), reached as (
        select * from live where (leaves_at is null or leaves_at > gateway_now()) and not has_left
          and cardinality(addresses) > 0 and cardinality(sources) > 0
      ), noted as (
        insert into enforcements (grant_id, boundary_id, status)
        select id, ${id}, 'UNKNOWN' from reached on conflict do nothing
      )
      select reached.*, e.public_address, e.public_port from reached
      left join enforcements e on e.grant_id = reached.id and e.boundary_id = ${id}`)
    const { rows } = await tx.execute<Rest>(restOfInput(claim, owner))
    const rest = rows[0]
    if (rest === undefined) return null
    const liveIds = new Set(live.rows.map((row) => row.id))
    return {
      at: rest.at,
      etag: rest.etag,
      publicAddresses: rest.publicAddresses,
      machines: rest.machines,
      grants: live.rows.map((row) => ({
        grantId: row.id,
        vmId: row.vm_id,
        addresses: row.addresses,
        port: row.port,
        protocol: row.protocol,
        sources: row.sources,
        endsAt: row.ends,
        windowEndsAt: row.window_ends,
        leavesSoon: row.leaves_soon === true,
        endpoint: row.public_address === null ? null : { address: row.public_address, port: row.public_port ?? 0 },
      })),
      ended: rest.standing.filter((grant) => !liveIds.has(grant.grantId)),
      known: rest.known,
      taken: rest.taken,
      ours: rest.ours,
      driftResponse: rest.driftResponse,
    }
  })
}

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly vm_id: string
  readonly port: number
  readonly protocol: Protocol
  readonly sources: readonly string[]
  readonly ends: string
  readonly window_ends: string | null
  readonly leaves_soon: boolean | null
  readonly addresses: readonly string[]
  readonly public_address: string | null
  readonly public_port: number | null
}

interface Rest extends Record<string, unknown> {
  readonly at: string
  readonly etag: string | null
  readonly publicAddresses: readonly string[]
  readonly machines: BoundaryFacts['machines']
  readonly standing: BoundaryFacts['ended']
  readonly known: BoundaryFacts['known']
  readonly taken: NonNullable<BoundaryFacts['taken']>
  readonly ours: PassFacts['ours']
  readonly driftResponse: PassFacts['driftResponse']
}

function restOfInput(claim: Claim, owner: string) {
  const { boundaryId: id, fence } = claim
  const { isBehind, addresses, sources, leavesAt } = seenBy(claim)
  return sql`
  select iso(gateway_now()) as at, (select b.etag from boundaries b where b.id = ${id}) as etag,
    array_to_json((select b.public_addresses from boundaries b where b.id = ${id})) as "publicAddresses",
    coalesce((select json_agg(json_build_object('vmId', v.id, 'addresses', behind.addresses, 'ports', ports.list,
          'closesForeignRules', p.closes_foreign_rules)
        order by v.id)
      from virtual_machines v
      join policies p on p.vm_id = v.id and p.disabled_at is null
      cross join lateral (select json_agg(json_build_object('port', q.port, 'protocol', q.protocol)
        order by q.port, q.protocol) as list from policy_ports q where q.policy_id = p.id) ports
      cross join lateral (select json_agg(distinct a order by a) as addresses
        from virtual_machine_interfaces i, unnest(i.addresses) a
        where i.vm_id = v.id and ${isBehind}) behind
      where v.gone_at is null and ports.list is not null and behind.addresses is not null
        and v.id in (select vm_id from virtual_machine_interfaces where ${isBehind})), '[]') as machines,
    coalesce((select json_agg(json_build_object('grantId', g.id, 'vmId', g.vm_id, 'port', g.port,
        'protocol', g.protocol, 'sources', ${sources}, 'closing', g.state = 'CLOSING', 'addresses', ${addresses},
        'leaving', case when g.state = 'ACTIVE' and (e.left_for = g.ends_at or ${leavesAt} <= gateway_now())
          and g.vm_id in (select vm_id from virtual_machine_interfaces where ${isBehind}) then iso(g.ends_at) end)
        order by g.id)
      from enforcements e join grants g on g.id = e.grant_id
      where e.boundary_id = ${id} and g.state in ('OPENING', 'ACTIVE', 'CLOSING')), '[]') as standing,
    coalesce((select json_agg(json_build_object('grantId', e.grant_id, 'ruleName', e.rule_name) order by e.grant_id)
      from enforcements e join grants g on g.id = e.grant_id
      where e.boundary_id = ${id} and e.status in ('OPEN', 'BLOCKED') and e.rule_name is not null
        and g.state in ('OPENING', 'ACTIVE')),
      '[]') as known,
    coalesce((select json_agg(t.rule order by t.place) from taken_rules t where t.boundary_id = ${id}), '[]') as taken,
    (select json_build_object('recorded', b.our_rules, 'intended', b.intended_rules, 'left', b.left_rules)
      from boundaries b where b.id = ${id}) as ours,
    (select a.drift_response from accounts a join boundaries b on b.account_id = a.id where b.id = ${id})
      as "driftResponse"
  from boundary_reconciles held where boundary_id = ${id} and fence = ${fence}::bigint and lease_owner = ${owner}`
}
