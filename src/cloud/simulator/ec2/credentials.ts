import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../../../time/clock.ts'
import { Ec2Fault } from './fault.ts'
import { isSignedWith, readSigning, type Signing } from './wire/signature.ts'

/** A long-term access key, as a program is given it. */
export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A key that was made for a session in a role. */
export interface SessionKey extends AccessKey {
  readonly sessionToken: string
  readonly expiresAtMs: number
}

export interface Credentials {
  /** The gateway's own key. It may assume roles, and acts in `homeAccountId`. */
  readonly key: AccessKey
  /** Makes a session in an account. */
  assume(accountId: string): SessionKey
  /** Who calls: the account that its key acts in, and what it signed for. Refuses a call that nobody signed. */
  authenticate(headers: IncomingHttpHeaders, body: string): Signing & { readonly accountId: string }
}

const SESSION_MS = 3_600_000

/** The keys of a simulated AWS. Nothing of them is kept. */
export function createCredentials(homeAccountId: string, clock: Clock): Credentials {
  const key = { accessKeyId: `AKIA${random(8)}`, secretAccessKey: random(20) }
  const sessions = new Map<string, SessionKey & { readonly accountId: string }>()
  return {
    key,
    assume(accountId) {
      const session = {
        accessKeyId: `ASIA${random(8)}`,
        secretAccessKey: random(20),
        sessionToken: random(40),
        expiresAtMs: clock.now() + SESSION_MS,
      }
      sessions.set(session.accessKeyId, { ...session, accountId })
      return session
    },
    authenticate(headers, body) {
      const signing = readSigning(headers)
      const session = sessions.get(signing?.accessKeyId ?? '')
      const secret = signing?.accessKeyId === key.accessKeyId ? key.secretAccessKey : session?.secretAccessKey
      const isToken = session === undefined || headers['x-amz-security-token'] === session.sessionToken
      if (signing === null || secret === undefined || !isToken || !isSignedWith(secret, headers, body))
        throw new Ec2Fault('AuthFailure', 'AWS was not able to validate the provided access credentials', 401)
      if (session !== undefined && session.expiresAtMs <= clock.now())
        throw new Ec2Fault('RequestExpired', 'Request has expired.')
      return { ...signing, accountId: session?.accountId ?? homeAccountId }
    },
  }
}

const random = (bytes: number) => randomBytes(bytes).toString('hex').toUpperCase()
