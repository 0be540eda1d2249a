import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { removeStaleLock } from '../../../src/store/embedded/stale-lock.ts'

let cluster = ''
beforeEach(async () => {
  cluster = await mkdtemp(join(tmpdir(), 'jit-gateway-lock-'))
})
afterEach(() => rm(cluster, { recursive: true, force: true }))

const writeLock = (pid: number) =>
  writeFile(join(cluster, 'postmaster.pid'), `${pid}\n${cluster}\n1770000000\n5432\n\n127.0.0.1\n  1 2\nready   \n`)
const isLocked = () =>
  access(join(cluster, 'postmaster.pid')).then(
    () => true,
    () => false,
  )

it.runIf(process.platform === 'linux')(
  'removes a lock whose process number now belongs to another program',
  async () => {
    await writeLock(process.pid)
    await removeStaleLock(cluster)
    expect(await isLocked()).toBe(false)
  },
)

it('leaves a lock to Postgres when there is no such process', async () => {
  await writeLock(2 ** 22 + 1)
  await removeStaleLock(cluster)
  expect(await isLocked()).toBe(true)
})

it('has nothing to do without a lock', async () => {
  await expect(removeStaleLock(cluster)).resolves.toBeUndefined()
})
