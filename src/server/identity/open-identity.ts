import type { Config } from '../../config.ts'
import type { Store } from '../../store/store.ts'
import type { Clock } from '../../time/clock.ts'
import { createAuthenticator, type Authenticate } from './authenticator.ts'
import { localPeople, openLocalIssuer, type LocalPerson } from './local-issuer.ts'
import { providerKeys } from './provider-keys.ts'
import { parseBootstrapAdmin } from './roles-held.ts'

/** A ready token of one of the local people. */
export interface LocalToken {
  readonly name: string
  readonly token: string
}

/** How callers are known, by an identity provider or by the local issuer. */
export interface Identity {
  readonly authenticate: Authenticate
  /** Who must hold roles for the local tokens to be of use; empty with an identity provider. */
  readonly people: readonly LocalPerson[]
  readonly tokens: readonly LocalToken[]
  /** Makes a fresh token of the local policy admin; null with an identity provider. */
  readonly adminToken: (() => Promise<string>) | null
}

type IdentityConfig = Pick<
  Config,
  | 'DATA_DIR'
  | 'BOOTSTRAP_ADMIN'
  | 'OIDC_ISSUER'
  | 'OIDC_AUDIENCE'
  | 'OIDC_JWKS_URL'
  | 'OIDC_CLOCK_TOLERANCE_SECONDS'
  | 'OIDC_GROUPS_CLAIM'
  | 'OIDC_ROLES_CLAIM'
>

/** Opens the configured identity provider, which is not asked before the first caller comes, or the local issuer. */
export async function openIdentity(config: IdentityConfig, store: Store, clock: Clock): Promise<Identity> {
  const common = {
    claims: { groups: config.OIDC_GROUPS_CLAIM, roles: config.OIDC_ROLES_CLAIM },
    bootstrapAdmin: config.BOOTSTRAP_ADMIN === null ? null : parseBootstrapAdmin(config.BOOTSTRAP_ADMIN),
    store,
    clock,
  }
  if (config.OIDC_ISSUER !== null && config.OIDC_AUDIENCE !== null) {
    const [issuer, audience] = [config.OIDC_ISSUER, config.OIDC_AUDIENCE]
    const terms = { issuer, audience, clockToleranceSeconds: config.OIDC_CLOCK_TOLERANCE_SECONDS }
    const keyFor = providerKeys({ issuer, jwksUrl: config.OIDC_JWKS_URL, clock })
    return { authenticate: createAuthenticator({ ...common, terms, keyFor }), people: [], tokens: [], adminToken: null }
  }
  const issuer = await openLocalIssuer(config.DATA_DIR, clock)
  const { terms, keyFor } = issuer
  const tokens = localPeople.map(async (person) => ({ name: person.name, token: await issuer.issue(person) }))
  return {
    authenticate: createAuthenticator({ ...common, terms, keyFor }),
    people: localPeople,
    tokens: await Promise.all(tokens),
    adminToken: () => issuer.issue(localPeople[0]),
  }
}
