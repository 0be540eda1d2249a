import { errors, jwtVerify, type JWTVerifyGetKey } from 'jose'
import { Unauthenticated } from './failure.ts'

/** What a token must say to be taken. */
export interface TokenTerms {
  readonly issuer: string
  readonly audience: string
  readonly clockToleranceSeconds: number
}

/** Asymmetric algorithms only: with HS256 the public key would be a shared secret, and `none` is no signature. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512']

/**
 * Verifies signature, issuer, audience and times of an access token and answers its claims.
 * Throws `Unauthenticated`, saying what is wrong but nothing of the token; what `keyFor` throws passes through.
 */
export async function verifyToken(
  token: string,
  keyFor: JWTVerifyGetKey,
  terms: TokenTerms,
  now: number,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { payload } = await jwtVerify(token, keyFor, {
      algorithms: ALGORITHMS,
      issuer: terms.issuer,
      audience: terms.audience,
      clockTolerance: terms.clockToleranceSeconds,
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(now),
    })
    return payload
  } catch (error) {
    if (error instanceof errors.JOSEError) throw new Unauthenticated(reason(error), { cause: error })
    throw error
  }
}

function reason(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'The access token has expired.'
  if (error instanceof errors.JWTClaimValidationFailed)
    return `The access token's "${error.claim}" claim is not accepted.`
  if (error instanceof errors.JOSEAlgNotAllowed)
    return 'The access token is signed with an algorithm that is not accepted.'
  if (error instanceof errors.JWKSNoMatchingKey) return 'The access token is signed with an unknown key.'
  if (error instanceof errors.JWSSignatureVerificationFailed) return "The access token's signature is wrong."
  return 'The access token is malformed.'
}
