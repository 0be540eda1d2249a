import { sql, type SQL } from 'drizzle-orm'
import type { AccountClaim } from './claim-account.ts'
import { staged } from './staged.ts'

/**
 * Whether the cloud's own policy turns just-in-time access off at the machine with the id `vmId`: by the ruling of the
 * nearest scope that has one; of several there, one that turns it off. Null when there is none.
 */
export function jitDisabled(claim: AccountClaim, vmId: SQL): SQL {
  const lies = (scope: SQL) => sql`(${scope} in ('/', ${vmId}) or starts_with(${vmId}, ${scope} || '/'))`
  return sql`(
    select not (s.body->>'allowed')::boolean from ${staged(claim, 'jitRulings')}
    where ${lies(sql`s.body->>'scope'`)} and not exists (
      select from jsonb_array_elements_text(s.body->'exceptScopes') x(scope) where ${lies(sql`x.scope`)})
    order by length(s.body->>'scope') desc, (s.body->>'allowed')::boolean limit 1)`
}
