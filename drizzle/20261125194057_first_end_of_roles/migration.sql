ALTER TABLE "role_versions" ADD COLUMN "first_end" timestamp(3) with time zone;--> statement-breakpoint
update role_versions set first_end = (select min(ends_at) from role_assignments);
--> statement-breakpoint
create or replace function raise_role_version() returns trigger language plpgsql as $$
begin
  -- Whoever changes roles beside this one is waited for before their assignments are read: a statement that waits on its
  -- way would go on with what it saw before.
  perform 1 from role_versions for update;
  update role_versions set version = version + 1, first_end = (select min(ends_at) from role_assignments);
  return null;
end $$;
--> statement-breakpoint
-- How many assignments have ended. A function, so that queries set up nothing for it that they do not need.
create function ended_assignments(moment timestamptz) returns bigint language sql stable parallel safe
as $$ select count(*) from role_assignments where ends_at <= moment $$;
