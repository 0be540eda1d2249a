import type { Viewer } from '../../../src/access/viewer.ts'
import { createSchema } from '../../../src/graphql/schema.ts'
import type { ApiOptions } from '../../../src/server/api.ts'
import type { Authenticate, Authentication } from '../../../src/server/identity/authenticator.ts'
import type { ServerOptions } from '../../../src/server/start-server.ts'
import { rolesVersionSql } from '../../../src/store/roles-version.ts'
import type { Store } from '../../../src/store/store.ts'
import { systemClock } from '../../../src/time/clock.ts'
import { serve, type ServedGateway, TOKEN_MS } from './gateway.ts'

/** A gateway over the real schema and a real database, and the texts of the statements it ran. */
export interface RealGateway extends ServedGateway {
  readonly statements: string[]
}

/** Takes the id of one of `viewers` for its token. */
export function callersAmong(viewers: readonly Viewer[], rolesVersion: string): Authenticate {
  return ({ authorization }) => {
    const viewer = viewers[Number(String(authorization).replace('Bearer ', ''))] as Viewer
    const until = systemClock.now() + TOKEN_MS
    const caller: Authentication = {
      principal: viewer,
      viewer,
      rolesVersion,
      until,
      current: () => Promise.resolve(caller),
    }
    return Promise.resolve(caller)
  }
}

/** Serves the real schema to `viewers`, whose tokens are their places in the list. */
export async function serveReal(
  store: Store,
  viewers: readonly Viewer[],
  options: {
    readonly plans?: boolean
    readonly limits?: Parameters<typeof createSchema>[0]
    readonly api?: Partial<ApiOptions>
    readonly server?: Partial<ServerOptions>
  } = {},
): Promise<RealGateway> {
  const schema = createSchema(options.limits)
  // A schema that does not say how its queries are read leaves them all to the executor.
  if (options.plans === false)
    for (const field of Object.values(schema.getQueryType()?.getFields() ?? {}))
      Reflect.deleteProperty(field.extensions, 'root')
  const statements: string[] = []
  const { pool, db } = store
  const query = ((...args: Parameters<typeof pool.query>) => {
    statements.push((args[0] as unknown as { readonly text: string }).text)
    return pool.query(...args)
  }) as typeof pool.query
  const counted = new Proxy(pool, {
    get: (target, name) => (name === 'query' ? query : Reflect.get(target, name, target)),
  })
  const rolesVersion = await pool.query<{ version: string }>(`select ${rolesVersionSql()} as version`).then(
    ({ rows }) => rows[0]?.version ?? '0',
    // A database that is away has none to tell.
    () => '0',
  )
  const limits = { maxTokens: 20_000, maxDepth: 15, introspection: true }
  const gateway = await serve(
    {
      schema,
      authenticate: callersAmong(viewers, rolesVersion),
      limits,
      store: { pool: counted, db },
      ...options.api,
    },
    options.server,
  )
  return Object.assign(gateway, { statements })
}
