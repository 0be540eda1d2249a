import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  calculateJwkThumbprint,
  exportJWK,
  exportPKCS8,
  generateKeyPair,
  importPKCS8,
  SignJWT,
  createLocalJWKSet,
} from 'jose'
import type { JWTVerifyGetKey } from 'jose'
import type { Role } from '../../access/role.ts'
import type { Clock } from '../../time/clock.ts'
import type { TokenTerms } from './verify-token.ts'

/** Somebody the local issuer makes tokens for. */
export interface LocalPerson {
  readonly id: string
  readonly name: string
  /** The role held everywhere. */
  readonly role: Role
}

/** The people of a gateway without an identity provider, the policy admin first. */
export const localPeople = [
  { id: 'ada', name: 'Ada, policy admin', role: 'POLICY_ADMIN' },
  { id: 'ben', name: 'Ben, requester', role: 'REQUESTER' },
  { id: 'cleo', name: 'Cleo, reader', role: 'READER' },
] as const satisfies readonly LocalPerson[]

/** Stands in for an identity provider on one machine, so that the gateway can be tried without one. */
export interface LocalIssuer {
  readonly terms: TokenTerms
  readonly keyFor: JWTVerifyGetKey
  /** A token for a person, good for twelve hours. */
  issue(person: LocalPerson): Promise<string>
}

const ALGORITHM = 'ES256'
const TOKEN_HOURS = 12

/** Opens the local issuer; its key is made once and kept in `dataDir`, so that tokens outlive a restart. */
export async function openLocalIssuer(dataDir: string, clock: Clock): Promise<LocalIssuer> {
  const privateKey = await importPKCS8(await keptKey(dataDir), ALGORITHM, { extractable: true })
  const { kty, crv, x, y } = await exportJWK(privateKey)
  const publicKey = { kty, crv, x, y } as { kty: string }
  const kid = await calculateJwkThumbprint(publicKey)
  const terms = { issuer: 'urn:jit-gateway:local', audience: 'jit-gateway', clockToleranceSeconds: 0 }
  return {
    terms,
    keyFor: createLocalJWKSet({ keys: [{ ...publicKey, kid, alg: ALGORITHM, use: 'sig' }] }),
    issue(person) {
      const now = Math.floor(clock.now() / 1_000)
      return new SignJWT({ name: person.name })
        .setProtectedHeader({ alg: ALGORITHM, kid, typ: 'at+jwt' })
        .setIssuer(terms.issuer)
        .setAudience(terms.audience)
        .setSubject(person.id)
        .setIssuedAt(now)
        .setExpirationTime(now + TOKEN_HOURS * 3_600)
        .sign(privateKey)
    },
  }
}

/** The key's PEM. Several processes may start at once over one folder: the first to put its key in place wins. */
async function keptKey(dataDir: string): Promise<string> {
  const path = join(dataDir, 'local-issuer.pem')
  const kept = await readFile(path, 'utf8').catch(() => null)
  if (kept !== null) return kept
  await mkdir(dataDir, { recursive: true })
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true })
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, await exportPKCS8(privateKey), { mode: 0o600, flag: 'wx' })
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await unlink(draft)
  return readFile(path, 'utf8')
}
