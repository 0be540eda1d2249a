CREATE TYPE "jit_status" AS ENUM('CONFIGURED', 'NOT_CONFIGURED', 'UNSUPPORTED');--> statement-breakpoint
ALTER TABLE "virtual_machines" ADD COLUMN "configured" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "virtual_machines" ADD COLUMN "jit_status" "jit_status" GENERATED ALWAYS AS (case when unsupported_reason is not null then 'UNSUPPORTED'::jit_status
          when configured then 'CONFIGURED'::jit_status else 'NOT_CONFIGURED'::jit_status end) STORED;--> statement-breakpoint
CREATE INDEX "virtual_machines_jit_status" ON "virtual_machines" ("jit_status","name","id");--> statement-breakpoint
UPDATE "virtual_machines" v SET "configured" = true
WHERE EXISTS (SELECT FROM policies p WHERE p.vm_id = v.id AND p.disabled_at IS NULL);--> statement-breakpoint
ALTER TABLE "virtual_machines" ALTER COLUMN "jit_status" SET NOT NULL;--> statement-breakpoint
-- Whoever writes policies: lists by JIT status and their counts read one column. Rows are locked in the order of ids, as
-- everywhere.
create function keep_configured() returns trigger language plpgsql as $$
begin
  with changed as (
    select v.id, w.in_force
    from (
      select vm_id, exists (select from policies p where p.vm_id = n.vm_id and p.disabled_at is null) as in_force
      from (select distinct vm_id from written) n
    ) w
    join virtual_machines v on v.id = w.vm_id and v.configured <> w.in_force
    order by v.id for no key update of v
  )
  update virtual_machines v set configured = changed.in_force from changed where v.id = changed.id;
  return null;
end $$;
--> statement-breakpoint
create trigger policies_made after insert on policies
referencing new table as written for each statement execute function keep_configured();
--> statement-breakpoint
create trigger policies_changed after update on policies
referencing new table as written for each statement execute function keep_configured();
--> statement-breakpoint
create trigger policies_removed after delete on policies
referencing old table as written for each statement execute function keep_configured();
