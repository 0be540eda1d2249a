import type { JWTVerifyGetKey } from 'jose'
import type { Principal, Viewer } from '../../access/viewer.ts'
import { principalOf, type ClaimNames, type TokenHolder } from './claims.ts'
import { IdentityUnavailable, Unauthenticated } from './failure.ts'
import { createRemembered } from './remembered.ts'
import { rolesHeldBy, type Held, type RoleSource } from './roles-held.ts'
import { verifyToken, type TokenTerms } from './verify-token.ts'

/** A caller that proved who it is. */
export interface Authentication {
  readonly principal: Principal
  /**
   * With roles as they were at `rolesVersion`, which may be a while ago: whoever judges by them sees in the same
   * statement that the version still stands, or asks for the `current` ones.
   */
  readonly viewer: Viewer
  readonly rolesVersion: string
  /** When the token ends, in milliseconds since the epoch. */
  readonly until: number
  /** The same caller with the roles held now. Throws `IdentityUnavailable` when the database is away. */
  readonly current: () => Promise<Authentication>
}

/** What a caller brought: the value of an `Authorization` header, or of that name in a WebSocket's connection_init. */
export interface Credentials {
  readonly authorization: unknown
  /** Where the call came from; null when it cannot be told. */
  readonly address: string | null
}

/** Tells who calls, in the same way for every transport. Throws `Unauthenticated` or `IdentityUnavailable` only. */
export type Authenticate = (credentials: Credentials) => Promise<Authentication>

export interface AuthenticatorOptions extends RoleSource {
  readonly terms: TokenTerms
  readonly keyFor: JWTVerifyGetKey
  readonly claims: ClaimNames
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticate {
  const { terms, keyFor, claims, clock } = options
  const remembered = createRemembered(clock)

  const readRoles = async (principal: Principal): Promise<Held> => {
    const held = await rolesHeldBy(principal, options).catch((error: unknown) => {
      throw new IdentityUnavailable('Roles cannot be read now.', { cause: error })
    })
    return remembered.remember(principal, held)
  }

  const withRoles = (
    holder: TokenHolder,
    address: string | null,
    { rolesVersion, ...roles }: Held,
  ): Authentication => ({
    principal: holder,
    viewer: { actor: holder.actor, groups: holder.groups, appRoles: holder.appRoles, ...roles, address },
    rolesVersion,
    until: holder.expiresAt,
    current: async () => withRoles(holder, address, await readRoles(holder)),
  })

  return async ({ authorization, address }) => {
    const holder = await remembered.holderOf(typeof authorization === 'string' ? authorization : '', async () => {
      const token = bearerToken(authorization)
      const named = principalOf(await verifyToken(token, keyFor, terms, clock.now()), claims)
      if (named === null) throw new Unauthenticated('The access token names nobody.')
      return named
    })
    return withRoles(holder, address, remembered.rolesOf(holder) ?? (await readRoles(holder)))
  }
}

function bearerToken(authorization: unknown): string {
  const found = typeof authorization === 'string' ? /^Bearer +([\w.~+/=-]+)$/i.exec(authorization) : null
  if (found?.[1] === undefined)
    throw new Unauthenticated('An access token is needed: send "Authorization: Bearer <token>".')
  return found[1]
}
