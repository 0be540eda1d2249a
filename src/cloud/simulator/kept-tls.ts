import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '../../time/clock.ts'
import type { LoopbackTls } from './tls.ts'

/** A certificate that ends sooner than this is made anew: no gateway runs that long without a restart. */
const RENEW_BEFORE_MS = 180 * 86_400_000

/**
 * The certificate of a cloud that is kept in `file`, kept beside it: making one loads more code than all the rest of
 * the simulated cloud. Made anew when it cannot be used any more; of a cloud that is not kept, made for it alone.
 */
export async function openTls(file: string | undefined, clock: Clock): Promise<LoopbackTls> {
  const beside = file === undefined ? null : `${file}.tls`
  const kept = beside === null ? null : await readTls(beside, clock)
  if (kept !== null) return kept
  const { makeLoopbackTls } = await import('./tls.ts')
  const made = await makeLoopbackTls()
  if (beside !== null) await writeTls(beside, made)
  return made
}

/** Null when there is none, or none that is whole and good for long enough. */
async function readTls(file: string, clock: Clock): Promise<LoopbackTls | null> {
  try {
    const tls = JSON.parse(await readFile(file, 'utf8')) as LoopbackTls
    const [authority, certificate] = [new X509Certificate(tls.authority), new X509Certificate(tls.certificate)]
    const good = certificate.verify(authority.publicKey) && certificate.checkPrivateKey(createPrivateKey(tls.key))
    return good && certificate.validToDate.getTime() - clock.now() > RENEW_BEFORE_MS ? tls : null
  } catch {
    return null
  }
}

/** Whole or not at all; of two gateways that start over one folder, each serves what it made and one is kept. */
async function writeTls(file: string, tls: LoopbackTls): Promise<void> {
  const next = `${file}.${String(process.pid)}`
  await mkdir(dirname(file), { recursive: true })
  await writeFile(next, JSON.stringify(tls), { mode: 0o600 })
  await rename(next, file)
}
