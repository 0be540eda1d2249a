import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assignRole } from '../../src/commands/assign-role.ts'
import { startProcess } from '../gateway/support/process.ts'
import { person } from '../graphql/support/context.ts'
import { writeLongLog } from '../graphql/support/long-log.ts'
import { startIdentityProvider } from '../server/support/identity-provider.ts'
import type { BenchFlags } from './run.ts'
import { useBenchDatabase } from './support/database.ts'
import { cpuUs, rssKb } from './support/usage.ts'

const LOOK_EVERY_MS = 50
const LINE_END = 0x0a

/**
 * Downloads a log of `--facts` in `--format` (`csv` or `jsonl`) from a gateway in a process of its own, `--readers` at
 * once, and watches what memory that takes it.
 */
export async function run(flags: BenchFlags): Promise<object> {
  const [facts, readers] = [Number(flags['facts'] ?? 1_000_000), Number(flags['readers'] ?? 1)]
  const format = flags['format'] ?? 'csv'
  await using started = new AsyncDisposableStack()
  const database = await useBenchDatabase()
  started.defer(() => database.stop())
  const folder = await mkdtemp(join(tmpdir(), 'jit-gateway-download-'))
  started.defer(() => rm(folder, { recursive: true, force: true }))
  const provider = await startIdentityProvider()
  started.defer(() => provider.stop())
  await writeLongLog(database.store, facts)
  const viewer = person('ada', 'POLICY_ADMIN')
  const given = { principalKind: 'USER', principalId: 'dana', role: 'READER', scope: '/' } as const
  await assignRole({ store: database.store, viewer }, given)
  process.stderr.write(`${String(facts)} facts are written\n`)

  const gateway = await startProcess({
    ROLES: 'api',
    DATABASE_URL: database.url,
    DATA_DIR: folder,
    OIDC_ISSUER: provider.issuer,
    OIDC_AUDIENCE: 'jit',
    AZURE_CREDENTIAL: 'managed-identity',
  })
  started.defer(() => gateway.stop().then(() => {}))
  const pid = gateway.child.pid ?? 0
  const token = await provider.token({ sub: 'dana', exp: Math.floor(Date.now() / 1_000) + 24 * 3_600 })

  const read = async (path: string) => {
    const began = performance.now()
    const request = get(`${gateway.url}${path}`, { headers: { authorization: `Bearer ${token}` } })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    let [lines, bytes, firstMs] = [0, 0, 0]
    for await (const part of response as AsyncIterable<Buffer>) {
      firstMs ||= performance.now() - began
      bytes += part.length
      for (let at = part.indexOf(LINE_END); at >= 0; at = part.indexOf(LINE_END, at + 1)) lines += 1
    }
    return { lines, bytes, firstMs, ms: performance.now() - began, status: response.statusCode }
  }
  await read(`/activity.${format}?actorIds=rare`)
  const before = rssKb(pid)
  let most = before
  const looking = setInterval(() => (most = Math.max(most, rssKb(pid))), LOOK_EVERY_MS)
  started.defer(() => clearInterval(looking))
  const cpu = cpuUs(pid)
  const answers = await Promise.all(Array.from({ length: readers }, () => read(`/activity.${format}`)))
  const usedUs = cpuUs(pid) - cpu
  const header = format === 'csv' ? 1 : 0
  if (answers.some(({ status, lines }) => status !== 200 || lines - header < facts)) throw new Error('not all was read')
  const slowest = Math.max(...answers.map(({ ms }) => ms))
  return {
    bench: 'download',
    facts,
    readers,
    format,
    megabytes: Math.round(answers.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6),
    firstByteMs: Math.round(Math.max(...answers.map(({ firstMs }) => firstMs))),
    seconds: Math.round(slowest / 100) / 10,
    factsPerSecond: Math.round((facts * readers * 1_000) / slowest),
    cpuUsPerFact: Math.round((usedUs / facts / readers) * 10) / 10,
    rssBeforeMb: Math.round(before / 1_024),
    rssMostMb: Math.round(most / 1_024),
  }
}
