import { inject } from 'vitest'
import type { TestServer } from './postgres.ts'

/** The Postgres of the worker that runs the test file. */
export function ownServer(): TestServer {
  const servers = inject('postgresServers')
  const server = servers[(Number(process.env['VITEST_POOL_ID'] ?? 1) - 1) % servers.length]
  if (server === undefined) throw new Error('no Postgres was started')
  return server
}
