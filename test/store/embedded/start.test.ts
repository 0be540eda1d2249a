import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../../src/log/log.ts'
import { readPostmasterFile } from '../../../src/store/embedded/postmaster-file.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../../src/store/embedded/start.ts'

let dataDir = ''
let started: EmbeddedPostgres[] = []
let holders: ChildProcess[] = []

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'jit-gateway-embedded-'))
})
afterEach(async () => {
  for (const holder of holders) holder.kill('SIGKILL')
  for (const server of started) await server.stop()
  started = []
  holders = []
})
afterAll(() => rm(dataDir, { recursive: true, force: true }))

const start = async () => {
  const server = await startEmbeddedPostgres({ dataDir, log: silentLog })
  started.push(server)
  return server
}

/** Another process that takes part; answers it and the URL it was given. */
const holdElsewhere = async () => {
  const program = fileURLToPath(new URL('holder.ts', import.meta.url))
  const holder = spawn(process.execPath, [program, dataDir], { stdio: ['pipe', 'pipe', 'inherit'] })
  holders.push(holder)
  const [line] = (await once(holder.stdout, 'data')) as [Buffer]
  return { holder, url: line.toString().trim() }
}

const kill = async (holder: ChildProcess) => {
  holder.kill('SIGKILL')
  await once(holder, 'exit')
}

const query = async (url: string, text: string): Promise<unknown[]> => {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

const running = () => readPostmasterFile(join(dataDir, 'postgres', 'server', 'cluster'))

describe('an embedded Postgres', () => {
  it('keeps what was written over a stop and a start', async () => {
    const first = await start()
    await query(first.url, 'create table kept as select 7 as number')
    await first.stop()
    expect(await running()).toBeNull()
    const second = await start()
    expect(await query(second.url, 'select number from kept')).toEqual([{ number: 7 }])
  })

  it('lets nobody in without its password, which only its own user can read', async () => {
    const { url } = await start()
    const wrong = new URL(url)
    wrong.password = 'guess'
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
    const { mode } = await stat(join(dataDir, 'postgres', 'server', 'password'))
    expect((mode & 0o777).toString(8)).toBe('600')
  })

  it('listens on loopback only', async () => {
    const { url } = await start()
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter((address) => !address.internal && address.family === 'IPv4')
    for (const { address } of outside) {
      const elsewhere = new URL(url)
      elsewhere.hostname = address
      await expect(query(elsewhere.href, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    }
    expect(await query(url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }])
    expect(await query(url, 'show unix_socket_directories')).toEqual([{ unix_socket_directories: '' }])
  })

  it('is shared by the processes of one data folder, and ends with the last of them', async () => {
    const here = await start()
    const { holder, url } = await holdElsewhere()
    expect(url).toBe(here.url)
    await here.stop()
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
    const again = await start()
    await kill(holder)
    // The server learns of a killed process when its connection is closed, a moment later.
    await expect.poll(() => query(again.url, `select from pg_locks where locktype = 'advisory'`)).toHaveLength(1)
    await again.stop()
    expect(await running()).toBeNull()
  })

  it('outlives a process that is killed, and is joined by the next', async () => {
    const { holder } = await holdElsewhere()
    const before = await running()
    await kill(holder)
    const { url } = await start()
    expect((await running())?.pid).toBe(before?.pid)
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('recovers what was committed when it was killed itself', async () => {
    const { holder, url } = await holdElsewhere()
    await query(url, 'create table committed as select 8 as number')
    process.kill((await running())?.pid ?? 0, 'SIGKILL')
    await kill(holder)
    const again = await start()
    expect(await query(again.url, 'select number from committed')).toEqual([{ number: 8 }])
  })

  it('is made once by two processes that start at the same moment', async () => {
    await rm(join(dataDir, 'postgres'), { recursive: true, force: true })
    const [one, other] = await Promise.all([start(), holdElsewhere()])
    expect(one.url).toBe(other.url)
    await kill(other.holder)
  })
})
