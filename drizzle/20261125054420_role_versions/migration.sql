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
create trigger role_assignments_raise_version after insert or delete on role_assignments
for each row execute function raise_role_version();
--> statement-breakpoint
create trigger role_assignments_raise_version_of_changed after update on role_assignments
for each row when (old.* is distinct from new.*) execute function raise_role_version();
--> statement-breakpoint
create trigger role_assignments_raise_version_of_all after truncate on role_assignments
for each statement execute function raise_role_version();
