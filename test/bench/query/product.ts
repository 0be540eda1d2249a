import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProcess } from '../../gateway/support/process.ts'
import { startIdentityProvider } from '../../server/support/identity-provider.ts'
import { globalId, parseGlobalId } from '../../../src/graphql/global-id.ts'
import { ask } from './ask.ts'
import type { Contestant } from './contestant.ts'
import { document, documentNames, sha256, type Place } from './documents.ts'
import { cursorsOf } from './cursors.ts'
import type { Places } from './places.ts'
import type { Json } from './shape.ts'

/** Somebody who holds no grant and may read some accounts. */
export const VIEWER = 'dana'

const page = '{ pageInfo { hasNextPage endCursor } edges { cursor node { id } } }'
const machines = `query ($after: String) { virtualMachines(first: 100, after: $after) ${page} }`
const grants = `query ($after: String, $state: GrantState!) {
  grants(first: 100, after: $after, filter: { states: [$state] }) ${page} }`

/** The gateway's API, asked by an authenticated, scoped viewer: by the text of a document, and by its hash. */
export async function startProduct(
  url: string,
  places: Places,
): Promise<{ contestants: readonly Contestant[]; stop(): Promise<void> }> {
  await using started = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'jit-gateway-query-'))
  started.defer(() => rm(folder, { recursive: true, force: true }))
  const registered = new Map(documentNames.map((name) => [sha256(document(name)), document(name)]))
  await writeFile(join(folder, 'documents.json'), JSON.stringify(Object.fromEntries(registered)))
  const provider = await startIdentityProvider()
  started.defer(() => provider.stop())
  const gateway = await startProcess({
    ROLES: 'api',
    DATABASE_URL: url,
    DATA_DIR: folder,
    OIDC_ISSUER: provider.issuer,
    OIDC_AUDIENCE: 'jit',
    // All calls are one person's.
    OPERATIONS_PER_SECOND: '1000000',
    GRAPHQL_PERSISTED_FILE: join(folder, 'documents.json'),
    // No cloud is called by an API: with a credential no simulated one is started within the process that is measured.
    AZURE_CREDENTIAL: 'managed-identity',
  })
  started.defer(() => gateway.stop().then(() => {}))
  const expiresAt = Math.floor(Date.now() / 1_000) + 24 * 3_600
  const token = await provider.token({ sub: VIEWER, name: 'Dana', exp: expiresAt })
  const headers = { authorization: `Bearer ${token}` }

  const port = Number(new URL(gateway.url).port)
  const cursors = await cursorsOf(places, async (state, after) => {
    const data = await ask(port, headers, state === undefined ? machines : grants, { after, state })
    const list = data.virtualMachines ?? data.grants
    const edges = list.edges.map(({ cursor, node }: Json) => ({ cursor, id: parseGlobalId(node.id)?.id }))
    return { ...list, edges }
  })
  const variables = ({ id, state, after }: Place, type: 'VirtualMachine' | 'Account') => ({
    ...(id === undefined ? {} : { id: globalId(type, id) }),
    ...(state === undefined ? {} : { state }),
    ...(after === undefined || after === null ? {} : { after: cursors(state, after) }),
  })
  const way = (isRegistered: boolean): Contestant => ({
    name: 'product',
    registered: isRegistered,
    pid: gateway.child.pid ?? 0,
    port,
    call(name, place) {
      const text = document(name)
      const given = variables(place, name === 'jit-status-counts' ? 'Account' : 'VirtualMachine')
      const asked = isRegistered
        ? { extensions: { persistedQuery: { version: 1, sha256Hash: sha256(text) } } }
        : // Not the text that was registered, or it might be taken for it.
          { query: `# Not registered.\n${text}` }
      return { path: '/graphql', headers, body: JSON.stringify({ ...asked, variables: given }) }
    },
    shaped: (_name, data) => data,
  })
  const running = started.move()
  return { contestants: [way(false), way(true)], stop: () => running.disposeAsync() }
}
