ALTER TYPE "unsupported_reason" ADD VALUE 'FIREWALL_MANAGED_BY_POLICY' BEFORE 'OTHER';--> statement-breakpoint
ALTER TABLE "boundaries" ADD COLUMN "public_addresses" text[] DEFAULT '{}'::text[] NOT NULL;--> statement-breakpoint
ALTER TABLE "boundaries" ADD COLUMN "relays_from" text[] DEFAULT '{}'::text[] NOT NULL;--> statement-breakpoint
ALTER TABLE "boundary_reconciles" ADD COLUMN "write_ms" integer;--> statement-breakpoint
ALTER TABLE "enforcements" ADD COLUMN "public_address" text;--> statement-breakpoint
ALTER TABLE "enforcements" ADD COLUMN "public_port" integer;--> statement-breakpoint
ALTER TABLE "virtual_machine_interfaces" ADD COLUMN "network_boundary_id" text;--> statement-breakpoint
CREATE INDEX "virtual_machine_interfaces_network_boundary" ON "virtual_machine_interfaces" ("network_boundary_id");--> statement-breakpoint
-- Whether packets from these addresses reach a firewall's public address with these very addresses: not those of private
-- networks, which get to a machine from within, and not IPv6, of which firewalls know nothing.
create function comes_from_outside(source text) returns boolean
language sql immutable parallel safe
as $$
  select family(source::inet) = 4 and not source::inet <<= any (
    array['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10']::inet[])
$$;
--> statement-breakpoint
-- When a boundary whose writes take so long lets go of a grant, for the port to be closed when it ends: as much earlier,
-- but never before half of the window has passed. Null while the window has no end.
create function leaves_at(g grants, write_ms int) returns timestamptz
language sql stable parallel safe
as $$
  select g.ends_at - least(make_interval(secs => coalesce(write_ms, 0) / 1000.0),
    (g.ends_at - coalesce(g.activated_at, g.requested_at)) / 2)
$$;
--> statement-breakpoint
-- As before for the groups on the path of an interface; they are no way in where a firewall stands before an interface
-- without groups and without a public address of its own. The other way in is through the firewall, by a foreign rule of
-- it, past groups that let the port pass: by a foreign rule, or for a grant that is open there, since behind the firewall
-- all packets have its addresses.
create or replace view exposures as
select distinct on (p.vm_id, pp.port, pp.protocol)
  p.vm_id, pp.port, pp.protocol, s.boundary_id, s.rule_name
from policies p
join policy_ports pp on pp.policy_id = p.id
join virtual_machines v on v.id = p.vm_id and v.gone_at is null
join virtual_machine_interfaces i on i.vm_id = p.vm_id and cardinality(i.addresses) > 0
left join boundary_shadows s on s.vm_id = p.vm_id and s.port = pp.port and s.protocol = pp.protocol
  and s.boundary_id in (i.network_boundary_id, i.subnet_boundary_id, i.own_boundary_id)
where p.disabled_at is null
  and case when s.boundary_id = i.network_boundary_id then
    not exists (
      select from (values (i.subnet_boundary_id), (i.own_boundary_id)) b(id)
      where b.id is not null and not exists (
        select from boundary_shadows n
        where n.boundary_id = b.id and n.vm_id = p.vm_id and n.port = pp.port and n.protocol = pp.protocol
      ) and not exists (
        select from enforcements e join grants g on g.id = e.grant_id
        where e.boundary_id = b.id and e.status in ('OPEN', 'SHARED') and g.vm_id = p.vm_id and g.port = pp.port
          and g.state in ('OPENING', 'ACTIVE', 'CLOSING')
          and (g.protocol = pp.protocol or 'ANY' in (g.protocol, pp.protocol))
      )
    )
  else
    not exists (
      select from (values (i.subnet_boundary_id), (i.own_boundary_id)) b(id)
      where b.id is not null and not exists (
        select from boundary_shadows n
        where n.boundary_id = b.id and n.vm_id = p.vm_id and n.port = pp.port and n.protocol = pp.protocol
      )
    ) and (i.network_boundary_id is null or coalesce(i.subnet_boundary_id, i.own_boundary_id) is not null
      or cardinality(i.public_addresses) > 0)
  end
order by p.vm_id, pp.port, pp.protocol, s.boundary_id nulls last;
--> statement-breakpoint
-- Every boundary that must show a grant open: those on the path of each interface of its virtual machine that has an
-- address of the same family as one of its sources; a firewall only for sources that come through it.
create or replace view grant_paths as
select g.id as grant_id, b.id as boundary_id
from grants g
cross join lateral (
  select distinct on_path.id
  from virtual_machine_interfaces i
  cross join lateral (values (i.network_boundary_id, true), (i.subnet_boundary_id, false), (i.own_boundary_id, false))
    on_path(id, is_firewall)
  where i.vm_id = g.vm_id and on_path.id is not null and exists (
    select from unnest(i.addresses) a, unnest(g.sources) s
    where family(a::inet) = family(s::inet) and (not on_path.is_firewall or comes_from_outside(s))
  )
) b;
