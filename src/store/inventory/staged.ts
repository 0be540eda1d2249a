import { sql, type SQL } from 'drizzle-orm'
import { resourceGroupsIn } from '../../access/scope.ts'
import type { Transaction } from '../store.ts'
import type { AccountClaim } from './claim-account.ts'

/** What a sync has kept of one kind, as a table named `s` to select from. */
export function staged({ accountId, generation }: AccountClaim, kind: string): SQL {
  return sql`(select id, at, body from inventory_items
    where account_id = ${accountId} and generation = ${generation}::bigint and kind = ${kind}) s`
}

/** The path of a resource group, from an expression of its name. */
export function resourceGroupId(accountId: string, name: SQL): SQL {
  return sql`${resourceGroupsIn(accountId)} || lower(${name})`
}

/**
 * A `with` clause of the firewalls that were found, one a virtual network, as `gates`: a machine is reached through the
 * one in its own network, whatever routes there are, since a firewall gives what it lets in its own address and gets
 * the answers back. One without a public address lets nobody in from outside. Worked out once, not for each machine.
 */
export function stagedGates(claim: AccountClaim): SQL {
  const { accountId, generation } = claim
  const found = (kind: string, id: SQL) => sql`select f.body from inventory_items f where f.account_id = ${accountId}
    and f.generation = ${generation}::bigint and f.kind = ${kind} and f.id = ${id}`
  return sql`with gates as materialized (select distinct on (network) g.* from (
      select s.id, regexp_replace(s.body->'gate'->>'subnetId', '/subnets/[^/]+$', '') as network,
        (s.body->'gate'->>'managedByPolicy')::boolean as managed,
        array(select address.body->>'address'
          from jsonb_array_elements_text(s.body->'gate'->'publicAddressIds') with ordinality p(id, place)
          cross join lateral (${found('publicAddresses', sql`p.id`)}) address
          where address.body->>'address' is not null order by p.place) as public_addresses,
        array(select prefix from (${found('subnets', sql`s.body->'gate'->>'subnetId'`)}) subnet
          cross join lateral jsonb_array_elements_text(subnet.body->'prefixes') prefix
          where family(prefix::inet) = 4 order by prefix) as relays_from
      from ${staged(claim, 'boundaries')} where s.body->'gate'->>'subnetId' is not null
    ) g order by network, g.id)`
}

/**
 * Works out, for every interface of a machine, its addresses and the boundaries on its path, from pages that came in any
 * order; kept beside them under the kind `paths`. The first configuration that names a subnet says in which it is.
 */
export async function stagePaths(tx: Transaction, claim: AccountClaim): Promise<void> {
  const { accountId, generation } = claim
  const configurations = sql`jsonb_array_elements(nic.body->'configurations') with ordinality c(one, place)`
  await tx.execute(sql`
    ${stagedGates(claim)}
    insert into inventory_items (account_id, generation, kind, id, at, body)
    select ${accountId}, ${generation}::bigint, 'paths', nic.id, nic.at, jsonb_build_object(
      'vmId', s.id, 'primary', (part->>'primary')::boolean,
      'addresses', to_jsonb(array(select c.one->>'address' from ${configurations}
        where c.one->>'address' is not null order by c.place)),
      'publicAddresses', to_jsonb(array(select found.body->>'address' from ${configurations}
        join inventory_items found on found.account_id = ${accountId} and found.generation = ${generation}::bigint
          and found.kind = 'publicAddresses' and found.id = c.one->>'publicAddressId'
        where found.body->>'address' is not null order by c.place)),
      'subnetId', subnet.id, 'networkBoundaryId', case when not gates.managed
        and cardinality(gates.public_addresses) > 0 and cardinality(gates.relays_from) > 0 then gates.id end,
      'behindPolicy', coalesce(gates.managed, false),
      'subnetBoundaryId', net.body->>'boundaryId', 'ownBoundaryId', nic.body->>'boundaryId')
    from ${staged(claim, 'virtualMachines')}
    cross join jsonb_array_elements(s.body->'interfaces') part
    join inventory_items nic on nic.account_id = ${accountId} and nic.generation = ${generation}::bigint
      and nic.kind = 'interfaces' and nic.id = part->>'id'
    left join lateral (select c.one->>'subnetId' as id from ${configurations}
      where c.one->>'subnetId' is not null order by c.place limit 1) subnet on true
    left join inventory_items net on net.account_id = ${accountId} and net.generation = ${generation}::bigint
      and net.kind = 'subnets' and net.id = subnet.id
    left join gates on gates.network = regexp_replace(subnet.id, '/subnets/[^/]+$', '')
    on conflict do nothing`)
}
