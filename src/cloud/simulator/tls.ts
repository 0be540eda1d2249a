// @peculiar/x509 needs the metadata polyfill to be there first.
import 'reflect-metadata'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { KeyObject } from 'node:crypto'

/** All PEM. Only the certificate of the authority leaves the process. */
export interface LoopbackTls {
  readonly authority: string
  readonly certificate: string
  readonly key: string
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 86_400_000

/** A certificate for `localhost`, `127.0.0.1` and `::1`, signed by an authority made for it alone. */
export async function makeLoopbackTls(): Promise<LoopbackTls> {
  const dates = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + 730 * DAY_MS) }
  const [authorityKeys, keys] = await Promise.all([newKeys(), newKeys()])
  const authority = await X509CertificateGenerator.createSelfSigned({
    ...dates,
    keys: authorityKeys,
    name: 'CN=Simulated cloud authority',
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  })
  const certificate = await X509CertificateGenerator.create({
    ...dates,
    publicKey: keys.publicKey,
    signingKey: authorityKeys.privateKey,
    issuer: authority.subject,
    subject: 'CN=localhost',
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
    ],
  })
  return {
    authority: authority.toString('pem'),
    certificate: certificate.toString('pem'),
    key: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }),
  }
}

function newKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
}
