import { fileURLToPath } from 'node:url'
import type { Pool } from 'pg'
import { cursorOf, globalId } from '../peers/query/ids.ts'
import type { Contestant } from './contestant.ts'
import { document, type Place } from './documents.ts'
import type { Places } from './places.ts'
import { postgraphile, preparePostgraphile } from './postgraphile.ts'
import { startServerProcess, type ServerProcess } from './process.ts'

/** The database that servers are started over, what of it may be seen, and what they will be asked. */
export interface SeededDatabase {
  readonly url: string
  readonly accountIds: readonly string[]
  readonly places: Places
}

export interface StartedServer {
  readonly contestant: Contestant
  stop(): Promise<void>
}

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The limit, which every figure is a ratio to. */
export async function startLimit(database: SeededDatabase): Promise<StartedServer> {
  const server = await startServerProcess(file('limit.ts'), database)
  return started(server, {
    name: 'limit',
    registered: false,
    call: (name, place) => ({ path: `/${name}`, headers: {}, body: JSON.stringify(place) }),
    shaped: (_name, data) => data,
  })
}

/** What other libraries make of the same: nobody is authenticated there, and what may be seen is fixed. */
export async function startPeers(database: SeededDatabase, pool: Pool): Promise<readonly StartedServer[]> {
  const url = await preparePostgraphile(database, pool)
  const server = await startServerProcess(file('../peers/query/postgraphile.ts'), { ...database, url })
  return [
    started(server, await postgraphile(server.port, database.places)),
    started(
      await startServerProcess(file('../peers/query/mercurius.ts'), database),
      sameSchema('mercurius', '/graphql'),
    ),
    started(await startServerProcess(file('../peers/query/apollo.ts'), database), sameSchema('apollo', '/')),
  ]
}

function started(server: ServerProcess, asked: Omit<Contestant, 'pid' | 'port'>): StartedServer {
  return { contestant: { ...asked, pid: server.pid, port: server.port }, stop: () => server.stop() }
}

/** A server that has the part of the gateway's schema that is asked for, so that the same document does. */
function sameSchema(name: 'mercurius' | 'apollo', path: string): Omit<Contestant, 'pid' | 'port'> {
  const variables = (type: string, { id, state, after }: Place) => ({
    ...(id === undefined ? {} : { id: globalId(type, id) }),
    ...(state === undefined ? {} : { state }),
    ...(after === undefined || after === null
      ? {}
      : { after: cursorOf(state === undefined ? [after.name, after.id] : [after.id]) }),
  })
  return {
    name,
    registered: false,
    call(of, place) {
      const given = variables(of === 'jit-status-counts' ? 'Account' : 'VirtualMachine', place)
      return { path, headers: {}, body: JSON.stringify({ query: document(of), variables: given }) }
    },
    shaped: (_name, data) => data,
  }
}
