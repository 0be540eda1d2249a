import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../../../src/log/log.ts'
import { startEmbeddedPostgres } from '../../../src/store/embedded/start.ts'
import { migrateStore } from '../../../src/store/migrate.ts'
import { openStore, type OpenStore } from '../../../src/store/open.ts'

/** A migrated database of the benchmark's own, on an embedded Postgres that keeps its promises (fsync is on). */
export async function useBenchDatabase(): Promise<{ store: OpenStore; url: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'jit-gateway-bench-'))
  const server = await startEmbeddedPostgres({ dataDir: folder, log: silentLog })
  await migrateStore(server.url)
  const store = await openStore(server.url)
  return {
    store,
    url: server.url,
    async stop() {
      await store.close()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
