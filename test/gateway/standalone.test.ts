import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { useDatabase } from '../support/database.ts'
import { apiClient } from './support/client.ts'
import { startProcess } from './support/process.ts'

const database = useDatabase()
const root = fileURLToPath(new URL('../..', import.meta.url))

test('what was built needs no package: it serves from a folder of its own, and reads both clouds', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jit-gateway-standalone-'))
  for (const part of ['dist', 'drizzle', 'schema', 'package.json'])
    await cp(join(root, part), join(folder, part), { recursive: true })
  const env = { DATABASE_URL: database.url, DATA_DIR: join(folder, 'data') }
  const gateway = await startProcess(env, join(folder, 'dist', 'main.js'))
  try {
    const [, token = ''] = /^ {2}(ey\S+)$/m.exec(gateway.told()) ?? []
    const ada = apiClient(gateway.url, token)
    const read = '{ accounts(first: 10) { nodes { cloud lastSyncedAt lastSyncError } } }'
    await vi.waitFor(
      async () => {
        const { accounts } = await ada.ask(read)
        const nodes = accounts.nodes as { cloud: string; lastSyncedAt: string | null; lastSyncError: string | null }[]
        expect(new Set(nodes.map(({ cloud }) => cloud))).toEqual(new Set(['AWS', 'AZURE']))
        for (const account of nodes)
          expect(account).toMatchObject({ lastSyncedAt: expect.any(String), lastSyncError: null })
      },
      { timeout: 10_000, interval: 50 },
    )
    expect(await gateway.stop()).toBe(0)
  } finally {
    await gateway.kill()
    await rm(folder, { recursive: true, force: true })
  }
})
