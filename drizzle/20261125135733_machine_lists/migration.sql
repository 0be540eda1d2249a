-- Trusted since Postgres 13: whoever may create in the database may create it.
create extension if not exists pg_trgm;
--> statement-breakpoint
-- Words that tags are found by: each name in lower case (Azure tells none apart by case), and each with its value.
create function tag_words(tags jsonb) returns text[]
language sql immutable strict parallel safe
as $$
  select coalesce(array_agg(word), '{}')
  from jsonb_each_text(tags) t, unnest(array[lower(t.key), lower(t.key) || E'\n' || t.value]) word
$$;
--> statement-breakpoint
ALTER TYPE "unsupported_reason" ADD VALUE 'BOUNDARY_NOT_VISIBLE' BEFORE 'CLASSIC';--> statement-breakpoint
ALTER TYPE "unsupported_reason" ADD VALUE 'DISABLED_BY_POLICY' BEFORE 'OTHER';--> statement-breakpoint
CREATE TABLE "open_ports" (
	"vm_id" text PRIMARY KEY,
	"ports" jsonb NOT NULL,
	"exposed" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "open_ports_due" (
	"vm_id" text PRIMARY KEY,
	"quiet" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
ALTER TABLE "reported_exposures" ADD COLUMN "guarded" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "virtual_machines" ADD COLUMN "address_lines" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "virtual_machines" ADD COLUMN "search_text" text GENERATED ALWAYS AS (lower(name || E'\n' || resource_group || E'\n' || address_lines)) STORED;--> statement-breakpoint
ALTER TABLE "virtual_machines" ALTER COLUMN "search_text" SET NOT NULL;--> statement-breakpoint
UPDATE "virtual_machines" v SET "address_lines" = coalesce((
  SELECT string_agg(a, E'\n' ORDER BY i."primary" DESC, i.id, a)
  FROM virtual_machine_interfaces i, unnest(i.addresses || i.public_addresses) a WHERE i.vm_id = v.id
), '');
--> statement-breakpoint
CREATE INDEX "grants_held" ON "grants" ("vm_id","requester_id") WHERE state in ('PENDING_APPROVAL', 'SCHEDULED', 'OPENING', 'ACTIVE');--> statement-breakpoint
CREATE INDEX "virtual_machines_counted" ON "virtual_machines" ("account_id","jit_status","os") WHERE gone_at is null;--> statement-breakpoint
CREATE INDEX "virtual_machines_group_name" ON "virtual_machines" (lower(resource_group),"name","id");--> statement-breakpoint
CREATE INDEX "virtual_machines_name_beginning" ON "virtual_machines" (lower(name) text_pattern_ops);--> statement-breakpoint
CREATE INDEX "virtual_machines_search" ON "virtual_machines" USING gin (search_text gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "virtual_machines_tags" ON "virtual_machines" USING gin (tag_words(tags));--> statement-breakpoint
ALTER TABLE "open_ports" ADD CONSTRAINT "open_ports_vm_id_virtual_machines_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "virtual_machines"("id");--> statement-breakpoint
ALTER TABLE "open_ports_due" ADD CONSTRAINT "open_ports_due_vm_id_virtual_machines_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "virtual_machines"("id");
--> statement-breakpoint
-- Whoever writes interfaces: a search reads one column of one table. Rows are locked in the order of ids, as everywhere.
create function keep_address_lines() returns trigger language plpgsql as $$
begin
  with changed as (
    select v.id, w.lines
    from (
      select n.vm_id, coalesce((
        select string_agg(a, E'\n' order by i."primary" desc, i.id, a)
        from virtual_machine_interfaces i, unnest(i.addresses || i.public_addresses) a where i.vm_id = n.vm_id
      ), '') as lines
      from (select distinct vm_id from written) n
    ) w
    join virtual_machines v on v.id = w.vm_id and v.address_lines <> w.lines
    order by v.id for no key update of v
  )
  update virtual_machines v set address_lines = changed.lines from changed where v.id = changed.id;
  return null;
end $$;
--> statement-breakpoint
create trigger interfaces_made after insert on virtual_machine_interfaces
referencing new table as written for each statement execute function keep_address_lines();
--> statement-breakpoint
create trigger interfaces_changed after update on virtual_machine_interfaces
referencing new table as written for each statement execute function keep_address_lines();
--> statement-breakpoint
create trigger interfaces_taken_away after update on virtual_machine_interfaces
referencing old table as written for each statement execute function keep_address_lines();
--> statement-breakpoint
create trigger interfaces_removed after delete on virtual_machine_interfaces
referencing old table as written for each statement execute function keep_address_lines();
--> statement-breakpoint
drop view exposures;
--> statement-breakpoint
-- What is reachable that should not be, one row a port. Protected ports that a foreign rule leaves reachable: every
-- group on the path of some interface lets them pass, or the interface has none at all (boundary_id and rule_name are
-- null then); the groups are no way in where a firewall stands before an interface without groups and without a public
-- address of its own. The other way in is through the firewall, by a foreign rule of it, past groups that let the port
-- pass: by a foreign rule, or for a grant that is open there, since behind the firewall all packets have its addresses.
-- And management ports that rules were seen to leave open to any source, of machines that can be guarded: until they are
-- seen to be closed, whatever was decided meanwhile. A named rule first: it is what a person can act on.
create view exposures as
select distinct on (vm_id, port, protocol) vm_id, port, protocol, guarded, boundary_id, rule_name
from (
  select p.vm_id, pp.port, pp.protocol, true as guarded, s.boundary_id, s.rule_name
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
  union all
  select o.vm_id, e.port, coalesce(protected.protocol, 'TCP'), protected.protocol is not null, e."boundaryId", e."ruleName"
  from open_ports o
  cross join lateral jsonb_to_recordset(o.exposed) e(port int, "boundaryId" text, "ruleName" text)
  left join lateral (
    select pp.protocol from policies p join policy_ports pp on pp.policy_id = p.id
    where p.vm_id = o.vm_id and p.disabled_at is null and pp.port = e.port and pp.protocol in ('TCP', 'ANY')
  ) protected on true
  -- No join: within a sync nothing is known yet of how many there are, and it would begin from all machines.
  where (select v.jit_status from virtual_machines v where v.id = o.vm_id and v.gone_at is null) <> 'UNSUPPORTED'
) reachable
order by vm_id, port, protocol, boundary_id nulls last;
--> statement-breakpoint
insert into open_ports_due (vm_id, quiet) select id, true from virtual_machines where gone_at is null;
