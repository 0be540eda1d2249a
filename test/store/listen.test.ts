import { afterEach, describe, expect, it } from 'vitest'
import type { Log } from '../../src/log/log.ts'
import { silentLog } from '../../src/log/log.ts'
import { listen } from '../../src/store/listen.ts'
import { useDatabase } from '../support/database.ts'
import { ownServer } from '../support/own-server.ts'
import { statement } from '../support/postgres.ts'

const database = useDatabase()

let heard: string[] = []
let listener: ReturnType<typeof listen> | undefined

const startListening = (channels: readonly string[], log: Log = silentLog) => {
  heard = []
  listener = listen(database.url, channels, (channel) => heard.push(channel), log)
}
const notify = (channel: string) => database.store.pool.query('select pg_notify($1, $2)', [channel, ''])
const loseConnection = () =>
  statement(
    ownServer().url,
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'jit-gateway-listen'
       and datname = '${new URL(database.url).pathname.slice(1)}'`,
  )

afterEach(() => listener?.stop())

describe('listening', () => {
  it('hears every channel once when it begins, since nobody knows what was sent before', async () => {
    startListening(['jit_activity', 'jit_due'])
    await expect.poll(() => heard).toEqual(['jit_activity', 'jit_due'])
  })

  it('hears what is sent on its channels, and nothing else', async () => {
    startListening(['jit_due'])
    await expect.poll(() => heard).toHaveLength(1)
    await notify('jit_activity')
    await notify('jit_due')
    await expect.poll(() => heard).toEqual(['jit_due', 'jit_due'])
  })

  it('hears every channel again when its connection was lost, and goes on', async () => {
    const warnings: string[] = []
    startListening(['jit_due'], { ...silentLog, warn: (_fields, message) => warnings.push(message) })
    await expect.poll(() => heard).toHaveLength(1)
    await loseConnection()
    await expect.poll(() => heard).toHaveLength(2)
    await notify('jit_due')
    await expect.poll(() => heard).toHaveLength(3)
    expect(warnings).toEqual(['listening for notifications was interrupted'])
  })

  it('hears nothing once it is stopped', async () => {
    startListening(['jit_due'])
    await expect.poll(() => heard).toHaveLength(1)
    await listener?.stop()
    await notify('jit_due')
    expect(heard).toHaveLength(1)
  })

  it('can be stopped before it has begun, and while the database is away', async () => {
    startListening(['jit_due'])
    await listener?.stop()
    const away = listen('postgres://gateway:x@127.0.0.1:1/postgres', ['jit_due'], () => {}, silentLog)
    await away.stop()
    expect(heard).toEqual([])
  })
})
