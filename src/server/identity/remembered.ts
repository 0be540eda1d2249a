import type { Principal } from '../../access/viewer.ts'
import { createLru } from '../../graphql/read/lru.ts'
import type { Clock } from '../../time/clock.ts'
import type { TokenHolder } from './claims.ts'
import type { Held } from './roles-held.ts'

/** Tokens and principals that are remembered. */
const MOST = 10_000
/** How long a token counts as verified: a key that the provider withdraws is taken so much longer, in milliseconds. */
const VERIFIED_FOR_MS = 60_000

/**
 * Remembers what was verified and read, since verifying a signature and reading roles cost more than most queries. Roles
 * are remembered with the version they were read at: whoever judges by them must see that it still stands.
 */
export function createRemembered(clock: Clock) {
  const tokens = createLru<{ holder: TokenHolder | null; until: number }>(MOST)
  const roles = createLru<{ held: Held | null }>(MOST)
  const rolesOf = (principal: Principal) =>
    roles.of(JSON.stringify([principal.actor.id, principal.groups, principal.appRoles]), () => ({ held: null }))

  return {
    /** Whom a token speaks for; `verify` is asked when that is not known, or was for too long. */
    async holderOf(token: string, verify: () => Promise<TokenHolder>): Promise<TokenHolder> {
      const known = tokens.of(token, () => ({ holder: null, until: 0 }))
      if (known.holder !== null && clock.now() < Math.min(known.until, known.holder.expiresAt)) return known.holder
      const holder = await verify()
      known.holder = holder
      known.until = clock.now() + VERIFIED_FOR_MS
      return holder
    },
    /** The roles last read for a principal; null when none were. */
    rolesOf: (principal: Principal): Held | null => rolesOf(principal).held,
    remember(principal: Principal, held: Held): void {
      rolesOf(principal).held = held
    },
  }
}
