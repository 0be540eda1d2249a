import type { Principal } from '../../access/viewer.ts'

/** Whom a token speaks for, and until when. */
export interface TokenHolder extends Principal {
  /** When the token ends, in milliseconds since the epoch. */
  readonly expiresAt: number
}

/** Under which names the provider puts groups and app roles. */
export interface ClaimNames {
  readonly groups: string
  readonly roles: string
}

/** Issuers of Microsoft Entra ID, in its public and national clouds. */
const ENTRA = /^https:\/\/(login\.microsoftonline\.(com|us)|login\.partner\.microsoftonline\.cn|sts\.windows\.net)\//

/**
 * Reads a principal from the claims of a verified token; null when it names nobody or never ends.
 *
 * The id is `sub`, except for Microsoft Entra ID: there `sub` differs for each application, and roles are assigned to
 * the `oid` that its administrators see. Entra leaves the groups claim out when a person is in too many; groups must
 * then be sent as app roles, or be limited to those assigned to the application.
 */
export function principalOf(claims: Readonly<Record<string, unknown>>, names: ClaimNames): TokenHolder | null {
  const entra = ENTRA.test(text(claims['iss']) ?? '')
  const id = (entra ? text(claims['oid']) : null) ?? text(claims['sub'])
  const expiresAt = claims['exp']
  if (id === null || typeof expiresAt !== 'number') return null
  const name = ['name', 'preferred_username', 'email', 'upn', 'app_displayname'].map((claim) => text(claims[claim]))
  return {
    actor: {
      kind: isProgram(claims, entra) ? 'PROGRAM' : 'PERSON',
      id,
      name: name.find((candidate) => candidate !== null) ?? id,
    },
    groups: texts(claims[names.groups]),
    appRoles: texts(claims[names.roles]),
    expiresAt: expiresAt * 1_000,
  }
}

/**
 * Whether a program asked for itself, with nobody signed in: Entra says so in `idtyp`, or leaves out the scopes a person
 * consented to; elsewhere such a token's subject is the client itself (RFC 9068, section 2.2).
 */
function isProgram(claims: Readonly<Record<string, unknown>>, entra: boolean): boolean {
  if (claims['idtyp'] !== undefined) return claims['idtyp'] === 'app'
  const subject = text(claims['sub'])
  if (entra) return claims['scp'] === undefined && subject === text(claims['oid'])
  const client = text(claims['client_id']) ?? text(claims['azp'])
  return client !== null && client === subject
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

/** A list of texts, or one text alone, as some providers send it. */
function texts(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((item): item is string => text(item) !== null)
}
