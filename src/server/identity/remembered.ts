import type { Principal } from '../../access/viewer.ts'
import { createLru } from '../../graphql/read/lru.ts'
import type { Clock } from '../../time/clock.ts'
import type { TokenHolder } from './claims.ts'
import type { Held } from './roles-held.ts'

/** Credentials and principals that are remembered. */
const MOST = 10_000
/** How long a token counts as verified: a key that the provider withdraws is taken so much longer, in milliseconds. */
const VERIFIED_FOR_MS = 60_000

/**
 * Remembers what was verified and read, since verifying a signature and reading roles cost more than most queries. Roles
 * are remembered with the version they were read at: whoever judges by them must see that it still stands. Nothing is
 * kept of a token that was refused: whoever sends such ones must not fill the memory, nor push others out of it.
 */
export function createRemembered(clock: Clock) {
  const holders = createLru<{ readonly holder: TokenHolder; readonly until: number }>(MOST)
  const roles = createLru<Held>(MOST)
  const keys = new WeakMap<Principal, string>()
  const keyOf = (principal: Principal) => {
    const { actor, groups, appRoles } = principal
    const key = keys.get(principal) ?? JSON.stringify([actor.id, groups, appRoles])
    keys.set(principal, key)
    return key
  }

  return {
    /** Whom credentials speak for; `verify` is asked when that is not known, or was for too long. */
    async holderOf(credentials: string, verify: () => Promise<TokenHolder>): Promise<TokenHolder> {
      const known = holders.get(credentials)
      if (known !== undefined && clock.now() < known.until) return known.holder
      const holder = await verify()
      holders.set(credentials, { holder, until: Math.min(clock.now() + VERIFIED_FOR_MS, holder.expiresAt) })
      return holder
    },
    /** The roles last read for a principal; undefined when none were. */
    rolesOf: (principal: Principal): Held | undefined => roles.get(keyOf(principal)),
    /** Remembers what was read; answers what is known already when that is the same: thousands may hold on to it. */
    remember(principal: Principal, held: Held): Held {
      const key = keyOf(principal)
      const known = roles.get(key)
      const same = known?.rolesVersion === held.rolesVersion
      // How long they last was told anew, and may be longer than the stopwatch of before says.
      const kept = same ? (held.rolesUntil === undefined ? known : { ...held, rolesHeld: known.rolesHeld }) : held
      roles.set(key, kept)
      return kept
    },
  }
}
