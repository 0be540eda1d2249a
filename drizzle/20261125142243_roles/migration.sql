ALTER TYPE "role_name" ADD VALUE 'APPROVER' BEFORE 'OPERATOR';--> statement-breakpoint
ALTER TYPE "role_name" ADD VALUE 'AUDITOR';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'RoleExpired';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'CustomRoleCreated';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'CustomRoleUpdated';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'CustomRoleRemoved';--> statement-breakpoint
CREATE TABLE "custom_roles" (
	"id" uuid PRIMARY KEY,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"scope" text NOT NULL,
	"actions" text[] NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	"created_by_kind" "actor_kind" NOT NULL,
	"created_by_id" text NOT NULL,
	"created_by_name" text NOT NULL,
	"updated_at" timestamp(3) with time zone NOT NULL
);
--> statement-breakpoint
DROP INDEX "role_assignments_once";--> statement-breakpoint
ALTER TABLE "role_assignments" ADD COLUMN "custom_role_id" uuid;--> statement-breakpoint
ALTER TABLE "role_assignments" ADD COLUMN "ends_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "missing_permissions" text[] DEFAULT '{}'::text[] NOT NULL;--> statement-breakpoint
ALTER TABLE "boundary_reconciles" ADD COLUMN "missing_permissions" text[] DEFAULT '{}'::text[] NOT NULL;--> statement-breakpoint
ALTER TABLE "role_assignments" ALTER COLUMN "role" DROP NOT NULL;--> statement-breakpoint
DROP INDEX "activities_grant";--> statement-breakpoint
CREATE INDEX "activities_grant" ON "activities" ("grant_id","transaction","position");--> statement-breakpoint
ALTER TABLE "role_assignments" ADD CONSTRAINT "role_assignments_once" UNIQUE NULLS NOT DISTINCT("principal_kind","principal_id","role","custom_role_id","scope");--> statement-breakpoint
CREATE UNIQUE INDEX "custom_roles_name" ON "custom_roles" ("scope",lower("name"));--> statement-breakpoint
CREATE INDEX "role_assignments_custom_role" ON "role_assignments" ("custom_role_id");--> statement-breakpoint
CREATE INDEX "role_assignments_ends" ON "role_assignments" ("ends_at") WHERE ends_at is not null;--> statement-breakpoint
CREATE INDEX "activities_actor" ON "activities" ("actor_id","transaction","position");--> statement-breakpoint
CREATE INDEX "activities_kind" ON "activities" ("kind","transaction","position");--> statement-breakpoint
CREATE INDEX "activities_account" ON "activities" ("account_id","transaction","position");--> statement-breakpoint
CREATE INDEX "activities_resource_group" ON "activities" ("resource_group_id","transaction","position");--> statement-breakpoint
CREATE INDEX "activities_at" ON "activities" ("at","transaction");--> statement-breakpoint
CREATE INDEX "boundary_reconciles_forbidden" ON "boundary_reconciles" ("account_id") WHERE missing_permissions <> '{}';--> statement-breakpoint
ALTER TABLE "role_assignments" ADD CONSTRAINT "role_assignments_custom_role_id_custom_roles_id_fkey" FOREIGN KEY ("custom_role_id") REFERENCES "custom_roles"("id");--> statement-breakpoint
ALTER TABLE "role_assignments" ADD CONSTRAINT "role_assignments_one_role" CHECK (num_nonnulls("role", "custom_role_id") = 1);--> statement-breakpoint
-- A role that allows other actions than before changes what its holders may do.
create trigger custom_roles_raise_version_of_changed after update on custom_roles
for each row when (old.* is distinct from new.*) execute function raise_role_version();
--> statement-breakpoint
create trigger custom_roles_raise_version_of_removed after delete on custom_roles
for each row execute function raise_role_version();
--> statement-breakpoint
create trigger custom_roles_raise_version_of_all after truncate on custom_roles
for each statement execute function raise_role_version();
--> statement-breakpoint
-- The log is ordered by transaction, and read by time within an hour's bounds of that order: for that a fact must not be
-- much later than the beginning of its transaction.
create function refuse_late_activities() returns trigger language plpgsql as $$
begin
  if clock_timestamp() > transaction_timestamp() + interval '30 minutes' then
    raise exception 'activities are written within half an hour of the beginning of their transaction'
      using errcode = 'integrity_constraint_violation', constraint = 'activities_in_time';
  end if;
  return null;
end $$;
--> statement-breakpoint
create trigger activities_in_time before insert on activities
for each statement execute function refuse_late_activities();
--> statement-breakpoint
-- The log is narrowed by these, each by an index of its own that goes on in the order of the log. Where few values are
-- very unequal the planner would take the whole log in its order instead, and read all of it for a rare one.
alter table activities
  alter column account_id set (n_distinct = -0.01), alter column resource_group_id set (n_distinct = -0.01),
  alter column vm_id set (n_distinct = -0.01), alter column grant_id set (n_distinct = -0.01),
  alter column requester_id set (n_distinct = -0.01), alter column actor_id set (n_distinct = -0.01),
  alter column kind set (n_distinct = -0.01);
