CREATE TYPE "safeguard" AS ENUM('APPROVAL', 'LOCKDOWN');--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'LockdownBegan';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'LockdownLifted';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'GrantExtended';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'GrantEndsSoon';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'BreakGlassUsed';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'BreakGlassReviewed';--> statement-breakpoint
CREATE TABLE "break_glass_uses" (
	"request_id" uuid PRIMARY KEY,
	"used_by_id" text NOT NULL,
	"used_at" timestamp(3) with time zone NOT NULL,
	"past" "safeguard"[] DEFAULT '{}'::"safeguard"[] NOT NULL,
	"reviewed_at" timestamp(3) with time zone,
	"reviewed_by_kind" "actor_kind",
	"reviewed_by_id" text,
	"reviewed_by_name" text,
	"note" text,
	CONSTRAINT "break_glass_uses_reviewed_by_somebody" CHECK (num_nulls("reviewed_at", "reviewed_by_kind", "reviewed_by_id", "reviewed_by_name", "note") in (0, 5)),
	CONSTRAINT "break_glass_uses_reviewed_by_another" CHECK ("reviewed_by_id" <> "used_by_id")
);
--> statement-breakpoint
CREATE TABLE "extensions" (
	"request_id" uuid PRIMARY KEY,
	"grant_id" uuid NOT NULL,
	"duration_seconds" integer,
	"ends_at" timestamp(3) with time zone,
	"approvals_needed" integer DEFAULT 0 NOT NULL,
	"previous_ends_at" timestamp(3) with time zone NOT NULL,
	"extended_at" timestamp(3) with time zone,
	"extended_to" timestamp(3) with time zone,
	CONSTRAINT "extensions_window" CHECK (("duration_seconds" is null) <> ("ends_at" is null)),
	CONSTRAINT "extensions_done" CHECK (("extended_at" is null) = ("extended_to" is null))
);
--> statement-breakpoint
CREATE TABLE "gateway_settings" (
	"one" boolean PRIMARY KEY DEFAULT true,
	"notice_seconds" integer NOT NULL,
	CONSTRAINT "gateway_settings_one_row" CHECK ("one"),
	CONSTRAINT "gateway_settings_notice_in_range" CHECK ("notice_seconds" between 0 and 3600)
);
--> statement-breakpoint
CREATE TABLE "lockdowns" (
	"id" uuid PRIMARY KEY,
	"scope" text NOT NULL,
	"account_id" text,
	"resource_group_id" text,
	"vm_id" text,
	"reason" text NOT NULL,
	"began_at" timestamp(3) with time zone NOT NULL,
	"began_by_kind" "actor_kind" NOT NULL,
	"began_by_id" text NOT NULL,
	"began_by_name" text NOT NULL,
	"grants_ended" integer DEFAULT 0 NOT NULL,
	"lifted_at" timestamp(3) with time zone,
	"lifted_by_kind" "actor_kind",
	"lifted_by_id" text,
	"lifted_by_name" text,
	CONSTRAINT "lockdowns_lifted_by_somebody" CHECK (num_nulls("lifted_at", "lifted_by_kind", "lifted_by_id", "lifted_by_name") in (0, 4))
);
--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "break_glass" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "extended_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "notice_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "policies" ADD COLUMN "notice_seconds" integer;--> statement-breakpoint
CREATE INDEX "break_glass_uses_unreviewed" ON "break_glass_uses" ("request_id") WHERE reviewed_at is null;--> statement-breakpoint
CREATE INDEX "extensions_grant" ON "extensions" ("grant_id","request_id");--> statement-breakpoint
CREATE INDEX "extensions_waiting" ON "extensions" ("grant_id") WHERE extended_at is null;--> statement-breakpoint
CREATE INDEX "grants_notice" ON "grants" ("notice_at") WHERE state = 'ACTIVE' and notice_at is not null;--> statement-breakpoint
CREATE INDEX "grants_unended" ON "grants" ("account_id") WHERE state in ('PENDING_APPROVAL', 'SCHEDULED', 'OPENING', 'ACTIVE');--> statement-breakpoint
CREATE UNIQUE INDEX "lockdowns_one_in_force" ON "lockdowns" ("scope") WHERE lifted_at is null;--> statement-breakpoint
CREATE INDEX "lockdowns_account" ON "lockdowns" ("account_id","id");--> statement-breakpoint
ALTER TABLE "break_glass_uses" ADD CONSTRAINT "break_glass_uses_request_id_requests_id_fkey" FOREIGN KEY ("request_id") REFERENCES "requests"("id");--> statement-breakpoint
ALTER TABLE "extensions" ADD CONSTRAINT "extensions_request_id_requests_id_fkey" FOREIGN KEY ("request_id") REFERENCES "requests"("id");--> statement-breakpoint
ALTER TABLE "extensions" ADD CONSTRAINT "extensions_grant_id_grants_id_fkey" FOREIGN KEY ("grant_id") REFERENCES "grants"("id");--> statement-breakpoint
ALTER TABLE "policies" ADD CONSTRAINT "policies_notice_in_range" CHECK ("notice_seconds" between 0 and 3600);--> statement-breakpoint
insert into gateway_settings (notice_seconds) values (300);
--> statement-breakpoint
-- Whoever gives an open grant its end: when it is to be announced follows from it. A window no longer than the notice has
-- none.
create function plan_notice() returns trigger language plpgsql as $$
declare
  notice interval;
begin
  select make_interval(secs => coalesce(p.notice_seconds, s.notice_seconds)) into notice
  from gateway_settings s left join policies p on p.vm_id = new.vm_id and p.disabled_at is null;
  new.notice_at := case when notice > interval '0' and new.ends_at - notice > gateway_now() then new.ends_at - notice end;
  return new;
end $$;
--> statement-breakpoint
create trigger grants_notice before update on grants for each row
when (new.state = 'ACTIVE' and (old.state <> 'ACTIVE' or old.ends_at is distinct from new.ends_at))
execute function plan_notice();
--> statement-breakpoint
-- What each request asks for: to open a port by a grant of its own, or a later end of an open one. `id` is the grant, and
-- `waits` says that it is not decided as long as the request is not.
create view requested_ports as
select g.request_id, g.id, g.vm_id, g.account_id, g.resource_group_id, g.requester_id, g.port, g.protocol, g.sources,
  g.duration_seconds, g.starts_at, g.ends_at, g.state, g.approvals_needed,
  g.state = 'PENDING_APPROVAL' as waits, false as extends
from grants g
union all
select x.request_id, g.id, g.vm_id, g.account_id, g.resource_group_id, g.requester_id, g.port, g.protocol, g.sources,
  x.duration_seconds, null, x.ends_at, g.state, x.approvals_needed,
  x.extended_at is null and g.state = 'ACTIVE', true
from extensions x join grants g on g.id = x.grant_id;
--> statement-breakpoint
-- What a fact about a request says of it, but for what was decided: the shape of RequestSnapshot in the code.
create or replace function request_snapshot(r requests) returns jsonb
language sql stable parallel safe
as $$
  select jsonb_build_object(
    'status', r.status, 'justification', r.justification,
    'ticket', case when r.ticket_id is not null then jsonb_build_object('id', r.ticket_id, 'system', r.ticket_system) end,
    'extends', (select x.grant_id from extensions x where x.request_id = r.id),
    'grants', (select count(*) from grants g where g.request_id = r.id),
    'startsAt', iso(r.starts_at), 'decideBy', iso(r.decide_by),
    'vmIds', (select coalesce(jsonb_agg(distinct g.vm_id order by g.vm_id), '[]') from requested_ports g where g.request_id = r.id),
    'awaited', (
      select coalesce(jsonb_agg(jsonb_build_object('approvers', a.approvers, 'vmIds', a.vm_ids)), '[]') from (
        select n.approvers, jsonb_agg(distinct n.vm_id order by n.vm_id) as vm_ids from (
          select w.vm_id, jsonb_agg(jsonb_build_object('kind', w.approver_kind, 'id', nullif(w.approver_id, ''))
            order by w.approver_kind, w.approver_id) as approvers
          from awaited_approvals w where w.request_id = r.id group by w.grant_id, w.vm_id
        ) n group by n.approvers
      ) a),
    'deciders', (select coalesce(jsonb_agg(d.actor_id order by d.decided_at, d.actor_id), '[]')
      from request_decisions d where d.request_id = r.id))
$$;
--> statement-breakpoint
-- What a fact about a grant says of it: the shape of GrantSnapshot in the code.
create or replace function grant_snapshot(g grants) returns jsonb
language sql stable parallel safe
as $$
  select jsonb_build_object(
    'state', g.state, 'port', g.port, 'protocol', g.protocol, 'sources', to_jsonb(g.sources),
    'endsAt', iso(g.ends_at),
    'startsAt', iso(g.starts_at),
    'endReason', g.end_reason,
    'fault', case when g.fault_code is not null
      then jsonb_build_object('code', g.fault_code, 'message', coalesce(g.fault_message, '')) end,
    'refusals', g.refusals,
    'breakGlass', g.break_glass)
$$;
