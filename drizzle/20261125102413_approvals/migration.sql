CREATE TYPE "approver_kind" AS ENUM('USER', 'GROUP', 'APP_ROLE', 'ROLE');--> statement-breakpoint
CREATE TYPE "verdict" AS ENUM('APPROVED', 'DENIED');--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'GrantRequested' BEFORE 'GrantOpening';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'GrantScheduled' BEFORE 'GrantOpening';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'ApprovalDecided' BEFORE 'BoundaryWritten';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'RequestApproved' BEFORE 'BoundaryWritten';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'RequestDenied' BEFORE 'BoundaryWritten';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'RequestWithdrawn' BEFORE 'BoundaryWritten';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'RequestLapsed' BEFORE 'BoundaryWritten';--> statement-breakpoint
ALTER TYPE "end_reason" ADD VALUE 'DENIED';--> statement-breakpoint
ALTER TYPE "end_reason" ADD VALUE 'WITHDRAWN';--> statement-breakpoint
ALTER TYPE "end_reason" ADD VALUE 'LAPSED';--> statement-breakpoint
CREATE TABLE "awaited_approvals" (
	"grant_id" uuid,
	"request_id" uuid NOT NULL,
	"requester_id" text NOT NULL,
	"vm_id" text NOT NULL,
	"account_id" text NOT NULL,
	"resource_group_id" text NOT NULL,
	"approver_kind" "approver_kind",
	"approver_id" text,
	CONSTRAINT "awaited_approvals_pkey" PRIMARY KEY("grant_id","approver_kind","approver_id")
);
--> statement-breakpoint
CREATE TABLE "request_decisions" (
	"request_id" uuid,
	"actor_kind" "actor_kind" NOT NULL,
	"actor_id" text,
	"actor_name" text NOT NULL,
	"verdict" "verdict" NOT NULL,
	"reason" text,
	"decided_at" timestamp(3) with time zone NOT NULL,
	"grant_ids" uuid[] NOT NULL,
	CONSTRAINT "request_decisions_pkey" PRIMARY KEY("request_id","actor_id")
);
--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "starts_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "approvals_needed" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "refusals" jsonb DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE "requests" ADD COLUMN "requester_groups" text[] DEFAULT '{}'::text[] NOT NULL;--> statement-breakpoint
ALTER TABLE "requests" ADD COLUMN "requester_app_roles" text[] DEFAULT '{}'::text[] NOT NULL;--> statement-breakpoint
ALTER TABLE "requests" ADD COLUMN "requester_configured" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "requests" ADD COLUMN "ticket_id" text;--> statement-breakpoint
ALTER TABLE "requests" ADD COLUMN "ticket_system" text;--> statement-breakpoint
ALTER TABLE "requests" ADD COLUMN "starts_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "requests" ADD COLUMN "decide_by" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "requests" ADD COLUMN "look_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "policies" ADD COLUMN "approval" jsonb;--> statement-breakpoint
ALTER TABLE "policies" ADD COLUMN "justification_required" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "policies" ADD COLUMN "justification_pattern" text;--> statement-breakpoint
ALTER TABLE "policies" ADD COLUMN "ticket_required" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "policies" ADD COLUMN "ticket_pattern" text;--> statement-breakpoint
ALTER TABLE "policy_ports" ADD COLUMN "approval" jsonb;--> statement-breakpoint
CREATE INDEX "awaited_approvals_request" ON "awaited_approvals" ("request_id");--> statement-breakpoint
CREATE INDEX "awaited_approvals_approver" ON "awaited_approvals" ("approver_id","approver_kind","request_id");--> statement-breakpoint
CREATE INDEX "awaited_approvals_by_role" ON "awaited_approvals" ("account_id","resource_group_id","vm_id") WHERE approver_kind = 'ROLE';--> statement-breakpoint
CREATE INDEX "request_decisions_actor" ON "request_decisions" ("actor_id","request_id");--> statement-breakpoint
CREATE INDEX "grants_starts" ON "grants" ("starts_at") WHERE state = 'SCHEDULED';--> statement-breakpoint
CREATE INDEX "grants_waiting" ON "grants" ("vm_id") WHERE state in ('PENDING_APPROVAL', 'SCHEDULED');--> statement-breakpoint
CREATE INDEX "requests_look" ON "requests" ("look_at") WHERE status = 'PENDING_APPROVAL';--> statement-breakpoint
ALTER TABLE "awaited_approvals" ADD CONSTRAINT "awaited_approvals_grant_id_grants_id_fkey" FOREIGN KEY ("grant_id") REFERENCES "grants"("id");--> statement-breakpoint
ALTER TABLE "awaited_approvals" ADD CONSTRAINT "awaited_approvals_request_id_requests_id_fkey" FOREIGN KEY ("request_id") REFERENCES "requests"("id");--> statement-breakpoint
ALTER TABLE "request_decisions" ADD CONSTRAINT "request_decisions_request_id_requests_id_fkey" FOREIGN KEY ("request_id") REFERENCES "requests"("id");--> statement-breakpoint
ALTER TABLE "requests" ADD CONSTRAINT "requests_waiting_have_an_end" CHECK ("status" <> 'PENDING_APPROVAL' or ("decide_by" is not null and "look_at" is not null));--> statement-breakpoint
ALTER TABLE "requests" ADD CONSTRAINT "requests_ticket_has_an_id" CHECK ("ticket_system" is null or "ticket_id" is not null);--> statement-breakpoint
-- What was never opened ends without closing: it waited for an approver or for its beginning.
create or replace function check_grant_transition() returns trigger language plpgsql as $$
begin
  if (old.state, new.state) not in (
    ('PENDING_APPROVAL', 'SCHEDULED'), ('PENDING_APPROVAL', 'OPENING'), ('PENDING_APPROVAL', 'CLOSED'),
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
-- A request is decided once, whoever writes it. What was approved and has not begun can still be withdrawn.
create function check_request_transition() returns trigger language plpgsql as $$
begin
  if (old.status, new.status) not in (
    ('PENDING_APPROVAL', 'APPROVED'), ('PENDING_APPROVAL', 'DENIED'), ('PENDING_APPROVAL', 'WITHDRAWN'),
    ('PENDING_APPROVAL', 'LAPSED'), ('APPROVED', 'WITHDRAWN')
  ) then
    raise exception 'a request that is % cannot become %', old.status, new.status
      using errcode = 'integrity_constraint_violation', constraint = 'requests_legal_transition';
  end if;
  return new;
end $$;
--> statement-breakpoint
create trigger requests_legal_transition before update on requests
for each row when (old.status is distinct from new.status) execute function check_request_transition();
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
    'refusals', g.refusals)
$$;
--> statement-breakpoint
-- What a fact about a request says of it, but for what was decided: the shape of RequestSnapshot in the code.
create function request_snapshot(r requests) returns jsonb
language sql stable parallel safe
as $$
  select jsonb_build_object(
    'status', r.status, 'justification', r.justification,
    'ticket', case when r.ticket_id is not null then jsonb_build_object('id', r.ticket_id, 'system', r.ticket_system) end,
    'grants', (select count(*) from grants g where g.request_id = r.id),
    'startsAt', iso(r.starts_at), 'decideBy', iso(r.decide_by),
    'vmIds', (select coalesce(jsonb_agg(distinct g.vm_id order by g.vm_id), '[]') from grants g where g.request_id = r.id),
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
