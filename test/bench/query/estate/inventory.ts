/**
 * Accounts, resource groups of 25 machines each behind one network security group, machines with an interface each, and
 * a policy for each but one in fifty: half of those have none yet, and the other half cannot have one. Rows lie account by
 * account, as inventory sync writes them.
 */
export const inventory = (vms: number, accounts: number) => [
  `insert into accounts (id, name, status, registered_at, last_synced_at, sync_generation, next_sync_at)
   select pg_temp.digest('account', a)::uuid::text, 'Subscription ' || lpad(a::text, 2, '0'), 'CONNECTED',
     '2026-01-01Z', '2026-06-01Z', 1, '2100-01-01Z'
   from generate_series(0, ${String(accounts - 1)}) a`,

  `create temp table estate as
   select n, pg_temp.digest('account', n % ${String(accounts)})::uuid::text as account_id, place, os, name, resource_group,
     base || '/resourcegroups/' || resource_group as resource_group_id,
     base || '/resourcegroups/' || resource_group || '/providers/microsoft.network/networksecuritygroups/nsg' as nsg_id,
     base || '/resourcegroups/' || resource_group || '/providers/microsoft.compute/virtualmachines/' || name as vm_id,
     case when place % 50 = 49 and n % 2 = 1 then 'NO_NETWORK_SECURITY_GROUP' end::unsupported_reason as unsupported_reason,
     place % 50 <> 49 as guarded,
     place % 5 = 0 as busy,
     pg_temp.id_at('policy', n, '2026-01-02Z'::timestamptz + n * interval '1 second') as policy_id
   from (select n, n / ${String(accounts)} as place,
       '/subscriptions/' || pg_temp.digest('account', n % ${String(accounts)})::uuid as base,
       case when pg_temp.draw('os', n, 10) < 7 then 'LINUX' else 'WINDOWS' end::operating_system as os,
       pg_temp.pick('work', n, '{web,api,db,cache,batch,jump,build,queue}') || '-'
         || pg_temp.pick('stage', n, '{dev,test,prod}') || '-' || lpad(n::text, 6, '0') as name,
       'rg-' || lpad((n / ${String(accounts)} / 25)::text, 4, '0') as resource_group
     from generate_series(0, ${String(vms - 1)}) n) drawn`,
  `create unique index on estate (n)`,
  `analyze estate`,

  `insert into boundaries (id, account_id, resource_group_id, resource_group, name, location, observed_at, generation)
   select distinct nsg_id, account_id, resource_group_id, resource_group, 'nsg', 'westeurope', '2026-06-01Z'::timestamptz, 1
   from estate where unsupported_reason is null`,

  `insert into virtual_machines (id, account_id, resource_group_id, resource_group, name, location, os, power,
     unsupported_reason, tags, generation, first_seen_at, last_seen_at)
   select vm_id, account_id, resource_group_id, resource_group, name, 'westeurope', os,
     (case when pg_temp.draw('power', n, 10) < 8 then 'RUNNING' else 'DEALLOCATED' end)::power_state, unsupported_reason,
     jsonb_build_object('owner', 'team-' || pg_temp.draw('team', n, 40)), 1, '2026-01-01Z', '2026-06-01Z'
   from estate order by account_id, n`,

  `insert into virtual_machine_interfaces (id, vm_id, account_id, "primary", addresses, subnet_id, subnet_boundary_id,
     generation)
   select resource_group_id || '/providers/microsoft.network/networkinterfaces/' || name, vm_id, account_id, true,
     array['10.' || n / 65536 || '.' || n / 256 % 256 || '.' || n % 256],
     resource_group_id || '/providers/microsoft.network/virtualnetworks/vnet/subnets/default',
     case when unsupported_reason is null then nsg_id end, 1
   from estate order by account_id, n`,

  `insert into policies (id, vm_id, account_id, resource_group_id, version, created_at, updated_at, created_by_kind,
     created_by_id, created_by_name)
   select policy_id, vm_id, account_id, resource_group_id, 1 + pg_temp.draw('version', n, 4),
     '2026-01-02Z'::timestamptz + n * interval '1 second', '2026-01-02Z'::timestamptz + n * interval '1 second',
     'PERSON', 'ada', 'Ada'
   from estate where guarded order by account_id, n`,

  // Two to four ports: those of the operating system first.
  `insert into policy_ports (policy_id, port, protocol, allowed_sources, maximum_duration_seconds)
   select policy_id, port, 'TCP', case when pg_temp.draw('sources', n * 8 + rank, 2) = 0 then array['203.0.113.0/24']
       else array['10.0.0.0/8', '203.0.113.0/24'] end, 1800 * (1 + pg_temp.draw('longest', n * 8 + rank, 16))
   from estate,
     unnest(case when os = 'LINUX' then array[22, 443, 5432, 8443] else array[3389, 5985, 5986, 443] end)
       with ordinality as ports(port, rank)
   where guarded and ports.rank <= 2 + pg_temp.draw('ports', n, 3)
   order by account_id, n, ports.rank`,
]
