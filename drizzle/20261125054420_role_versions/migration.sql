CREATE TABLE "role_versions" (
	"version" bigint PRIMARY KEY
);
--> statement-breakpoint
insert into role_versions values (1);
--> statement-breakpoint
create function raise_role_version() returns trigger language plpgsql as $$
begin
  update role_versions set version = version + 1;
  return null;
end $$;
--> statement-breakpoint
create trigger role_assignments_raise_version after insert or update or delete or truncate on role_assignments
for each statement execute function raise_role_version();
