-- What PostGraphile needs in the database, as its documentation has it: a role of its own, row-level security for what
-- may be seen, and functions for what is no column. What may be seen is fixed for the role, which saves each request
-- the transaction and the settings that a real viewer would need.
create role bench_viewer login password 'bench';
grant usage on schema public to bench_viewer;
grant select on accounts, virtual_machines, policies, policy_ports, grants, activities to bench_viewer;

create function reach() returns text[] language sql stable parallel safe
as $$ select string_to_array(current_setting('bench.accounts'), ',') $$;
comment on function reach() is '@behavior -*';

alter table accounts enable row level security;
create policy seen on accounts to bench_viewer using (id = any ((select reach())::text[]));
alter table virtual_machines enable row level security;
create policy seen on virtual_machines to bench_viewer
using (account_id = any ((select reach())::text[]) and gone_at is null);
alter table policies enable row level security;
create policy seen on policies to bench_viewer
using (account_id = any ((select reach())::text[]) and disabled_at is null);
alter table grants enable row level security;
create policy seen on grants to bench_viewer using (account_id = any ((select reach())::text[]));
alter table activities enable row level security;
create policy seen on activities to bench_viewer
using (account_id = any ((select reach())::text[]) and transaction < pg_snapshot_xmin(pg_current_snapshot()));

create type virtual_machine_counts as (configured int, not_configured int, unsupported int);
create function accounts_virtual_machine_counts(account accounts) returns virtual_machine_counts
language sql stable parallel safe
as $$
  select (count(*) filter (where jit_status = 'CONFIGURED'), count(*) filter (where jit_status = 'NOT_CONFIGURED'),
    count(*) filter (where jit_status = 'UNSUPPORTED'))::virtual_machine_counts
  from virtual_machines where account_id = account.id
$$;
