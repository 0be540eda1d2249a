import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { appendFacts } from '../../../src/store/append-facts.ts'
import type { Store } from '../../../src/store/store.ts'
import { startProcess } from '../../gateway/support/process.ts'
import { drawFact, factOf } from './draw.ts'
import { now } from './now.ts'
import type { Contestant, FanoutServer } from './server.ts'
import type { FanoutSettings } from './settings.ts'
import { collectable } from '../support/usage.ts'

/** The gateway's API, over a real Postgres: an event is a fact of the log, and happened when it is committed. */
export function product(settings: FanoutSettings, store: Store, url: string): Contestant {
  return { name: 'product', start: () => startProduct(settings, store, url) }
}

async function startProduct(settings: FanoutSettings, store: Store, url: string): Promise<FanoutServer> {
  const folder = await mkdtemp(join(tmpdir(), 'jit-gateway-fanout-'))
  const gateway = await startProcess({
    ...collectable,
    ROLES: 'api',
    DATABASE_URL: url,
    DATA_DIR: folder,
    CONNECTIONS_MAX: String(settings.subscribers * 2),
    // All subscribers are one person's.
    OPERATIONS_PER_SECOND: '1000000',
    // No cloud is called by an API: with a credential no simulated one is started within the process that is measured.
    AZURE_CREDENTIAL: 'managed-identity',
  })
  const [, token = ''] = /^ {2}(ey\S+)$/m.exec(gateway.told()) ?? []
  let stopping = false
  const exited = once(gateway.child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  return {
    pid: gateway.child.pid ?? 0,
    endpoint: { port: Number(new URL(gateway.url).port), path: '/graphql', token, ownIds: true },
    async publish(sequence) {
      const fact = factOf(drawFact(settings.seed, sequence, settings.sources), sequence)
      await store.db.transaction((tx) => appendFacts(tx, [fact]))
      return now()
    },
    async orderFrom(sequence) {
      const { rows } = await store.pool.query<{ sequence: number }>(
        `select substr(a.correlation_id, 2)::int as sequence from activities a
         where a.correlation_id like '~%' and substr(a.correlation_id, 2)::int >= $1
         order by a.transaction, a.position`,
        [sequence],
      )
      return Int32Array.from(rows, (row) => row.sequence)
    },
    died: exited.then(([code, signal]) => (stopping ? new Promise(() => {}) : `${String(code ?? signal)}`)),
    async stop() {
      stopping = true
      gateway.child.kill('SIGKILL')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}
