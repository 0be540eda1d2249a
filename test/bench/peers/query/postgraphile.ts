/** PostGraphile over the database as it stands: its schema is made of the tables. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { postgraphile } from 'postgraphile'
import { makePgService } from 'postgraphile/adaptors/pg'
import { grafserv } from 'postgraphile/grafserv/node'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'
import { pgSmartTags } from 'postgraphile/utils'

const { DATABASE_URL = '' } = process.env

const tags = pgSmartTags([
  { kind: 'class', match: 'activities', tags: { foreignKey: '(vm_id) references virtual_machines (id)' } },
  // A partial index is none to PostGraphile: of the policies that can be seen, a machine has one at most.
  { kind: 'class', match: 'policies', tags: { unique: 'vm_id' } },
  { kind: 'constraint', match: 'policies_vm_id_virtual_machines_id_fkey', tags: { behavior: '+single' } },
  // No index is on it, so that it could not be asked for otherwise.
  { kind: 'attribute', match: 'grants.state', tags: { behavior: '+attribute:filterBy' } },
])

const pgl = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [tags],
  disablePlugins: ['PgMutationCreatePlugin', 'PgMutationUpdateDeletePlugin'],
  pgServices: [makePgService({ connectionString: DATABASE_URL, schemas: ['public'], poolConfig: { max: 10 } })],
  schema: { defaultBehavior: '+list' },
  grafserv: { graphiql: false, websockets: false, watch: false },
  grafast: { explain: false },
})

const server = createServer()
server.on('error', (error) => {
  throw error
})
await pgl.createServ(grafserv).addTo(server)
process.on('disconnect', () => process.exit(0))
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
