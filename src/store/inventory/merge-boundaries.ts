import { sql } from 'drizzle-orm'
import type { Transaction } from '../store.ts'
import type { AccountClaim } from './claim-account.ts'
import { resourceGroupId, staged, stagedGates } from './staged.ts'

/**
 * Takes over the boundaries that were found; answers those that are new or that somebody changed. Rules that the
 * enforcer read later than the list was asked for stay.
 */
export async function mergeBoundaries(tx: Transaction, claim: AccountClaim): Promise<string[]> {
  const { accountId, generation } = claim
  const { rows } = await tx.execute<{ id: string }>(sql`
    ${stagedGates(claim)}
    insert into boundaries as b (id, kind, account_id, resource_group_id, resource_group, name, location, etag, rules,
      observed_at, public_addresses, relays_from, generation)
    select s.id, (s.body->>'kind')::boundary_kind, ${accountId}, ${resourceGroupId(accountId, sql`s.body->>'resourceGroup'`)}, s.body->>'resourceGroup',
      s.body->>'name', s.body->>'location', s.body->>'etag', s.body->'rules', s.at,
      coalesce(gates.public_addresses, '{}'), coalesce(gates.relays_from, '{}'), ${generation}::bigint
    from ${staged(claim, 'boundaries')} left join gates on gates.id = s.id order by s.id
    on conflict (id) do update set resource_group = excluded.resource_group, name = excluded.name,
      location = excluded.location, public_addresses = excluded.public_addresses,
      relays_from = excluded.relays_from, gone_at = null, generation = excluded.generation,
      etag = case when excluded.observed_at > b.observed_at then excluded.etag else b.etag end,
      rules = case when excluded.observed_at > b.observed_at then excluded.rules else b.rules end,
      observed_at = greatest(excluded.observed_at, b.observed_at)
    where (b.resource_group, b.name, b.location, b.public_addresses, b.relays_from) is distinct from
        (excluded.resource_group, excluded.name, excluded.location, excluded.public_addresses, excluded.relays_from)
      or b.gone_at is not null or (excluded.observed_at > b.observed_at and b.etag is distinct from excluded.etag)
    returning b.id`)
  return rows.map(({ id }) => id)
}

/** Marks the boundaries that were not found; answers them. */
export async function markBoundariesGone(tx: Transaction, claim: AccountClaim): Promise<string[]> {
  const { rows } = await tx.execute<{ id: string }>(sql`
    update boundaries b set gone_at = gateway_now() where b.account_id = ${claim.accountId} and b.gone_at is null
      and not exists (select 1 from ${staged(claim, 'boundaries')} where s.id = b.id)
    returning b.id`)
  return rows.map(({ id }) => id)
}
