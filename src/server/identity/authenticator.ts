import type { JWTVerifyGetKey } from 'jose'
import type { Principal, Viewer } from '../../access/viewer.ts'
import type { Store } from '../../store/store.ts'
import type { Clock } from '../../time/clock.ts'
import { principalOf, type ClaimNames } from './claims.ts'
import { IdentityUnavailable, Unauthenticated } from './failure.ts'
import { rolesHeldBy, type BootstrapAdmin } from './roles-held.ts'
import { verifyToken, type TokenTerms } from './verify-token.ts'

/** A caller that proved who it is. */
export interface Authentication {
  readonly principal: Principal
  readonly viewer: Viewer
  /** When the token ends, in milliseconds since the epoch. */
  readonly until: number
  /** Reads the roles anew. Throws `IdentityUnavailable` when the database is away. */
  readonly reload: () => Promise<Viewer>
}

/** What a caller brought: the value of an `Authorization` header, or of that name in a WebSocket's connection_init. */
export interface Credentials {
  readonly authorization: unknown
  /** Where the call came from; null when it cannot be told. */
  readonly address: string | null
}

/** Tells who calls, in the same way for every transport. Throws `Unauthenticated` or `IdentityUnavailable` only. */
export type Authenticate = (credentials: Credentials) => Promise<Authentication>

export interface AuthenticatorOptions {
  readonly terms: TokenTerms
  readonly keyFor: JWTVerifyGetKey
  readonly claims: ClaimNames
  readonly bootstrapAdmin: BootstrapAdmin | null
  readonly store: Store
  readonly clock: Clock
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticate {
  const { terms, keyFor, claims, bootstrapAdmin, store, clock } = options
  return async ({ authorization, address }) => {
    const verified = await verifyToken(bearerToken(authorization), keyFor, terms, clock.now())
    const principal = principalOf(verified, claims)
    if (principal === null) throw new Unauthenticated('The access token names nobody.')
    const reload = async (): Promise<Viewer> => {
      const rolesHeld = await rolesHeldBy(principal, store, bootstrapAdmin).catch((error: unknown) => {
        throw new IdentityUnavailable('Roles cannot be read now.', { cause: error })
      })
      return { actor: principal.actor, rolesHeld, address }
    }
    return { principal, viewer: await reload(), until: principal.expiresAt, reload }
  }
}

function bearerToken(authorization: unknown): string {
  const found = typeof authorization === 'string' ? /^Bearer +([\w.~+/=-]+)$/i.exec(authorization) : null
  if (found?.[1] === undefined)
    throw new Unauthenticated('An access token is needed: send "Authorization: Bearer <token>".')
  return found[1]
}
