import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose'

/** An OpenID Connect provider on loopback that says what a test wants. */
export interface IdentityProvider {
  readonly issuer: string
  /** How often the keys were asked for. */
  readonly asked: number
  /** While true, it answers 500. */
  away: boolean
  /** Signs a token with the newest key: an hour long, for `jit`, unless told. */
  token(claims?: Record<string, unknown>, header?: { alg?: string; kid?: string }): Promise<string>
  /** Replaces the signing key. */
  rotate(): Promise<void>
  stop(): Promise<void>
}

export async function startIdentityProvider(now: () => number = () => Date.now()): Promise<IdentityProvider> {
  let keys: { kid: string; alg: string; privateKey: CryptoKey; jwk: object }[] = []
  const makeKeys = async () => {
    const made = await Promise.all(
      ['RS256', 'ES256', 'PS256'].map(async (alg) => {
        const { privateKey, publicKey } = await generateKeyPair(alg)
        const kid = `${alg}-${String(Math.random())}`
        return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
      }),
    )
    keys = made
  }
  await makeKeys()

  const provider = { away: false, asked: 0 }
  const server = createServer((request, response) => {
    const body = request.url === '/keys' ? { keys: keys.map((key) => key.jwk) } : { issuer, jwks_uri: `${issuer}/keys` }
    if (request.url === '/keys') provider.asked += 1
    response.writeHead(provider.away ? 500 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`

  return Object.assign(provider, {
    issuer,
    async token(claims: Record<string, unknown> = {}, header: { alg?: string; kid?: string } = {}) {
      const key = keys.find(({ alg }) => alg === (header.alg ?? 'ES256'))
      if (key === undefined) throw new Error(`no key for ${String(header.alg)}`)
      const seconds = Math.floor(now() / 1_000)
      return new SignJWT({ iss: issuer, aud: 'jit', sub: 'ada', iat: seconds, exp: seconds + 3_600, ...claims })
        .setProtectedHeader({ alg: key.alg, kid: header.kid ?? key.kid })
        .sign(key.privateKey)
    },
    rotate: makeKeys,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })
}
