import { sql, type SQL } from 'drizzle-orm'
import type { Claim } from './claim.ts'

/** What a boundary is given of the machines and grants behind it, as SQL about the grant `g`. */
export interface Seen {
  /** Whether the interface of unqualified columns, or of `i`, is behind the boundary. */
  readonly isBehind: SQL
  /** The machine's addresses behind the boundary that share a family with one of the sources. */
  readonly addresses: SQL
  /** The sources, as packets from them look to the boundary. */
  readonly sources: SQL
  /** The moment from which the grant is to be shut there; null while it has none. `held` is the claim's row. */
  readonly leavesAt: SQL
  /** Whether that comes before the write after the next could begin. */
  readonly leavesSoon: SQL
}

export function seenBy({ boundaryId: id, kind }: Pick<Claim, 'boundaryId' | 'kind'>): Seen {
  return kind === 'AZURE_FIREWALL' ? seenByFirewall(id) : seenByGroup(id)
}

/**
 * A firewall sends what comes through it to one address: the first that the machine has. Its writes take minutes, and
 * so it lets go of a grant that is open ahead of its end.
 */
const seenByFirewall = (id: string): Seen => ({
  isBehind: sql`network_boundary_id = ${id}`,
  addresses: sql`array(select a from virtual_machine_interfaces i, unnest(i.addresses) with ordinality u(a, place)
    where i.vm_id = g.vm_id and i.network_boundary_id = ${id} and family(a::inet) = 4
    order by i."primary" desc, i.id, u.place limit 1)`,
  sources: sql`array(select s from unnest(g.sources) s where comes_from_outside(s) order by s)`,
  leavesAt: sql`case when g.state = 'ACTIVE' then leaves_at(g, held.write_ms) else g.ends_at end`,
  leavesSoon: sql`g.state = 'ACTIVE' and leaves_at(g, 2 * held.write_ms) <= gateway_now()`,
})

/** Behind a firewall, what came through it has an address of the firewall's, and no longer its own. */
const seenByGroup = (id: string): Seen => ({
  isBehind: sql`${id} in (subnet_boundary_id, own_boundary_id)`,
  addresses: sql`array(select distinct a from virtual_machine_interfaces i, unnest(i.addresses) a
    where i.vm_id = g.vm_id and ${id} in (i.subnet_boundary_id, i.own_boundary_id)
      and exists (select 1 from unnest(g.sources) s where family(s::inet) = family(a::inet)) order by a)`,
  sources: sql`array(select distinct coalesce(relayed.prefix, s) from unnest(g.sources) s
    left join (select distinct unnest(b.relays_from) as prefix from virtual_machine_interfaces i
      join boundaries b on b.id = i.network_boundary_id where i.vm_id = g.vm_id) relayed on comes_from_outside(s)
    order by 1)`,
  leavesAt: sql`g.ends_at`,
  leavesSoon: sql`false`,
})
