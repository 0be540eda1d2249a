import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** What a signed call says of its signing, by Signature Version 4. */
export interface Signing {
  readonly accessKeyId: string
  readonly region: string
  /** Such as `ec2`. */
  readonly service: string
}

const PATTERN =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/

/** Reads who signed and for where; null when the call is not signed. */
export function readSigning(headers: IncomingHttpHeaders): Signing | null {
  const [, accessKeyId, , region, service] = PATTERN.exec(headers.authorization ?? '') ?? []
  if (accessKeyId === undefined || region === undefined || service === undefined) return null
  return { accessKeyId, region, service }
}

/** Whether a POST of `body` to `/` was signed with the secret key. */
export function isSignedWith(secretKey: string, headers: IncomingHttpHeaders, body: string): boolean {
  const [, , day, region, service, signed, signature] = PATTERN.exec(headers.authorization ?? '') ?? []
  if (day === undefined || region === undefined || service === undefined || signature === undefined) return false
  const names = (signed ?? '').split(';')
  const lines = names.map(
    (name) =>
      `${name}:${String(headers[name] ?? '')
        .trim()
        .replace(/ +/g, ' ')}\n`,
  )
  const request = ['POST', '/', '', lines.join(''), names.join(';'), sha256(body)].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', String(headers['x-amz-date']), scope, sha256(request)].join('\n')
  const key = [day, region, service, 'aws4_request'].reduce<Buffer | string>(hmac, `AWS4${secretKey}`)
  return timingSafeEqual(hmac(key, text), Buffer.from(signature, 'hex'))
}

const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest()
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
