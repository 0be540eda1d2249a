CREATE TABLE "machine_tallies" (
	"account_id" text NOT NULL,
	"resource_group_id" text,
	"jit_status" "jit_status" NOT NULL,
	"machines" integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX "machine_tallies_place" ON "machine_tallies" ("account_id","resource_group_id");--> statement-breakpoint
ALTER TABLE "machine_tallies" ADD CONSTRAINT "machine_tallies_account_id_accounts_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id");--> statement-breakpoint
-- Whoever writes machines: counts read a few rows instead of all machines of an account. Every change is told twice, of
-- the account as a whole and of the resource group.
create function keep_tallies() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into machine_tallies (account_id, resource_group_id, jit_status, machines)
    select account_id, resource_group_id, jit_status, count(*) from after where gone_at is null group by grouping sets ((1, 2, 3), (1, 3));
  elsif tg_op = 'DELETE' then
    insert into machine_tallies (account_id, resource_group_id, jit_status, machines)
    select account_id, resource_group_id, jit_status, -count(*) from before where gone_at is null group by grouping sets ((1, 2, 3), (1, 3));
  else
    insert into machine_tallies (account_id, resource_group_id, jit_status, machines)
    select account_id, resource_group_id, jit_status, sum(n) from (
      select account_id, resource_group_id, jit_status, 1 as n from after where gone_at is null
      union all select account_id, resource_group_id, jit_status, -1 from before where gone_at is null
    ) changed group by grouping sets ((1, 2, 3), (1, 3)) having sum(n) <> 0;
  end if;
  return null;
end $$;
--> statement-breakpoint
create trigger machines_found after insert on virtual_machines
referencing new table as after for each statement execute function keep_tallies();
--> statement-breakpoint
create trigger machines_changed after update on virtual_machines
referencing old table as before new table as after for each statement execute function keep_tallies();
--> statement-breakpoint
create trigger machines_removed after delete on virtual_machines
referencing old table as before for each statement execute function keep_tallies();
--> statement-breakpoint
insert into machine_tallies (account_id, resource_group_id, jit_status, machines)
select account_id, resource_group_id, jit_status, count(*) from virtual_machines where gone_at is null group by grouping sets ((1, 2, 3), (1, 3));
