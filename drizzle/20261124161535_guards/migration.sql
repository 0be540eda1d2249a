-- The log is append-only: nobody rewrites what was said.
create function refuse_rewriting_activities() returns trigger language plpgsql as $$
begin
  raise exception 'activities are append-only: % is refused', tg_op
    using errcode = 'integrity_constraint_violation', constraint = 'activities_append_only';
end $$;
--> statement-breakpoint
create trigger activities_append_only before update or delete on activities
for each row execute function refuse_rewriting_activities();
--> statement-breakpoint
create trigger activities_never_truncated before truncate on activities
for each statement execute function refuse_rewriting_activities();
--> statement-breakpoint
-- The life of a grant, whoever writes it. A state without an arrow out of it is final.
create function check_grant_transition() returns trigger language plpgsql as $$
begin
  if (old.state, new.state) not in (
    ('PENDING_APPROVAL', 'SCHEDULED'), ('PENDING_APPROVAL', 'OPENING'),
    ('SCHEDULED', 'OPENING'), ('SCHEDULED', 'CLOSED'),
    ('OPENING', 'ACTIVE'), ('OPENING', 'CLOSING'), ('OPENING', 'OPEN_FAILED'),
    ('ACTIVE', 'CLOSING'),
    ('CLOSING', 'CLOSED')
  ) then
    raise exception 'a grant that is % cannot become %', old.state, new.state
      using errcode = 'integrity_constraint_violation', constraint = 'grants_legal_transition';
  end if;
  return new;
end $$;
--> statement-breakpoint
create trigger grants_legal_transition before update on grants
for each row when (old.state is distinct from new.state) execute function check_grant_transition();
--> statement-breakpoint
create function refuse_removing_grants() returns trigger language plpgsql as $$
begin
  raise exception 'grants are kept for the audit trail: % is refused', tg_op
    using errcode = 'integrity_constraint_violation', constraint = 'grants_kept';
end $$;
--> statement-breakpoint
create trigger grants_kept before delete on grants
for each row execute function refuse_removing_grants();
--> statement-breakpoint
create trigger grants_never_truncated before truncate on grants
for each statement execute function refuse_removing_grants();
--> statement-breakpoint
-- Protected ports that a foreign rule leaves reachable: every boundary on the path of some interface lets them pass,
-- or the interface has none at all (boundary_id and rule_name are null then). One row a port: a named rule first,
-- since that is what a person can act on.
create view exposures as
select distinct on (p.vm_id, pp.port, pp.protocol)
  p.vm_id, pp.port, pp.protocol, s.boundary_id, s.rule_name
from policies p
join policy_ports pp on pp.policy_id = p.id
join virtual_machines v on v.id = p.vm_id and v.gone_at is null
join virtual_machine_interfaces i on i.vm_id = p.vm_id and cardinality(i.addresses) > 0
left join boundary_shadows s on s.vm_id = p.vm_id and s.port = pp.port and s.protocol = pp.protocol
  and s.boundary_id in (i.subnet_boundary_id, i.own_boundary_id)
where p.disabled_at is null
  and not exists (
    select from (values (i.subnet_boundary_id), (i.own_boundary_id)) b(id)
    where b.id is not null and not exists (
      select from boundary_shadows n
      where n.boundary_id = b.id and n.vm_id = p.vm_id and n.port = pp.port and n.protocol = pp.protocol
    )
  )
order by p.vm_id, pp.port, pp.protocol, s.boundary_id nulls last;
--> statement-breakpoint
-- Every boundary that must show a grant open: those on the path of each interface of its virtual machine that has an
-- address of the same family as one of its sources.
create view grant_paths as
select g.id as grant_id, b.id as boundary_id
from grants g
cross join lateral (
  select distinct on_path.id
  from virtual_machine_interfaces i
  cross join lateral (values (i.subnet_boundary_id), (i.own_boundary_id)) on_path(id)
  where i.vm_id = g.vm_id and on_path.id is not null and exists (
    select from unnest(i.addresses) a, unnest(g.sources) s where family(a::inet) = family(s::inet)
  )
) b;
--> statement-breakpoint
-- A moment as the API writes it: ISO 8601 in UTC, to the millisecond.
create function iso(moment timestamptz) returns text
language sql stable parallel safe
as $$ select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;
--> statement-breakpoint
-- What a fact about a grant says of it: the shape of GrantSnapshot in the code.
create function grant_snapshot(g grants) returns jsonb
language sql stable parallel safe
as $$
  select jsonb_build_object(
    'state', g.state, 'port', g.port, 'protocol', g.protocol, 'sources', to_jsonb(g.sources),
    'endsAt', iso(g.ends_at),
    'endReason', g.end_reason,
    'fault', case when g.fault_code is not null
      then jsonb_build_object('code', g.fault_code, 'message', coalesce(g.fault_message, '')) end)
$$;
