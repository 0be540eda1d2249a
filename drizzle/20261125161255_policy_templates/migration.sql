CREATE TYPE "leaving" AS ENUM('KEEP_POLICY', 'DISABLE_JIT');--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'PolicyTemplateCreated';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'PolicyTemplateUpdated';--> statement-breakpoint
ALTER TYPE "fact_kind" ADD VALUE 'PolicyTemplateRemoved';--> statement-breakpoint
CREATE TABLE "policy_templates" (
	"id" uuid PRIMARY KEY,
	"scope" text NOT NULL,
	"account_id" text,
	"resource_group_id" text,
	"vm_id" text,
	"name" text NOT NULL,
	"tags" jsonb NOT NULL,
	"terms" jsonb NOT NULL,
	"when_left" "leaving" NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	"updated_at" timestamp(3) with time zone NOT NULL,
	"updated_by_kind" "actor_kind" NOT NULL,
	"updated_by_id" text NOT NULL,
	"updated_by_name" text NOT NULL,
	"removed_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "templates_due" (
	"position" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "templates_due_position_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"vm_id" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "policies" ADD COLUMN "template_id" uuid;--> statement-breakpoint
ALTER TABLE "policies" ADD COLUMN "overrides" jsonb DEFAULT '[]' NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "policy_templates_name" ON "policy_templates" ("scope",lower(name)) WHERE removed_at is null;--> statement-breakpoint
CREATE INDEX "policy_templates_account" ON "policy_templates" ("account_id","id");--> statement-breakpoint
CREATE INDEX "policies_left_out" ON "policies" ("vm_id") WHERE disabled_at is not null and template_id is not null;--> statement-breakpoint
CREATE INDEX "policies_overriding" ON "policies" ("id") WHERE overrides <> '[]';--> statement-breakpoint
CREATE INDEX "policies_template" ON "policies" ("template_id","id") WHERE template_id is not null;--> statement-breakpoint
ALTER TABLE "policies" ADD CONSTRAINT "policies_template_id_policy_templates_id_fkey" FOREIGN KEY ("template_id") REFERENCES "policy_templates"("id");--> statement-breakpoint
-- Whoever writes machines: what of a machine a template looks at may cover it anew, or no longer.
create function note_for_templates() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into templates_due (vm_id) select id from after where gone_at is null order by id;
  else
    insert into templates_due (vm_id)
    select a.id from after a join before b on b.id = a.id
    where a.gone_at is null and (a.tags, a.os, a.unsupported_reason, b.gone_at)
      is distinct from (b.tags, b.os, b.unsupported_reason, a.gone_at)
    order by a.id;
  end if;
  if found then perform pg_notify('jit_due', ''); end if;
  return null;
end $$;
--> statement-breakpoint
create trigger machines_found_for_templates after insert on virtual_machines
referencing new table as after for each statement execute function note_for_templates();
--> statement-breakpoint
create trigger machines_changed_for_templates after update on virtual_machines
referencing old table as before new table as after for each statement execute function note_for_templates();
