import { startFeed } from './activity/feed.ts'
import type { Cloud } from './cloud/port.ts'
import { startDueRequests } from './commands/due-requests.ts'
import { startExpiringRoles } from './commands/expire-roles.ts'
import { startFollowingTemplates } from './commands/following-loop.ts'
import { startForgettingKeys } from './commands/forget-keys.ts'
import type { Config } from './config.ts'
import { startEnforcer } from './enforcer/enforcer.ts'
import { createSchema, defaultLimits } from './graphql/schema.ts'
import { startInventorySync } from './inventory/inventory-sync.ts'
import { startKeepingOpenPorts } from './inventory/keep-open-ports.ts'
import type { Log } from './log/log.ts'
import { seed, type AccountToManage } from './seed.ts'
import { readExamples } from './server/examples.ts'
import { openIdentity, type LocalToken } from './server/identity/open-identity.ts'
import { metricsText } from './server/metrics.ts'
import { readPersistedOperations } from './server/persisted-operations.ts'
import { startServer } from './server/start-server.ts'
import { migrateStore } from './store/migrate.ts'
import { openStore } from './store/open.ts'
import { writeSettings } from './store/settings.ts'
import { systemClock } from './time/clock.ts'

/** What the gateway is started with: the configuration, and the two things that have more than one kind. */
export interface GatewayParts {
  readonly config: Config
  readonly log: Log
  readonly databaseUrl: string
  readonly cloud: ConnectedCloud
}

/** A cloud, and what there is to manage in it. */
export interface ConnectedCloud {
  readonly cloud: Cloud
  /** Accounts that are taken under management at start. */
  readonly accounts: readonly AccountToManage[]
  /** For a person to read: which cloud it is. */
  readonly name: string
}

/** A gateway that serves and enforces. */
export interface Gateway {
  readonly url: string
  /** Tokens of the local issuer, the policy admin's first; empty with an identity provider. */
  readonly tokens: readonly LocalToken[]
  /** Stops what was started last first: no new calls, then no new work, then the database. */
  stop(): Promise<void>
}

/** Starts a gateway over a database that answers. What was started already is stopped again when a later part fails. */
export async function startGateway(parts: GatewayParts): Promise<Gateway> {
  const { config, log, databaseUrl: url } = parts
  const { cloud, accounts } = parts.cloud
  const clock = systemClock
  await using started = new AsyncDisposableStack()

  await migrateStore(url)
  const store = await openStore(url, { connections: config.DATABASE_CONNECTIONS, log })
  started.defer(() => store.close())
  await writeSettings(store, { noticeSeconds: config.NOTICE_BEFORE_END_SECONDS })
  const identity = await openIdentity(config, store, clock)
  await seed(store, accounts, identity.people)

  const feed = startFeed({ store, url, clock, log })
  started.defer(() => feed.stop())
  if (config.ROLES.includes('enforcer')) {
    const enforcer = startEnforcer({ store, url, cloud, clock, log })
    started.defer(() => enforcer.stop())
    const inventory = startInventorySync({ store, url, cloud, clock, log })
    started.defer(() => inventory.stop())
    const requests = startDueRequests({ store, url, clock, log })
    started.defer(() => requests.stop())
    const openPorts = startKeepingOpenPorts({ store, url, clock, log })
    started.defer(() => openPorts.stop())
    const following = startFollowingTemplates({ store, url, clock, log })
    started.defer(() => following.stop())
    const forgetting = startForgettingKeys({ store, clock, log })
    started.defer(() => forgetting.stop())
    const expiring = startExpiringRoles({ store, clock, log })
    started.defer(() => expiring.stop())
  }

  const persisted =
    config.GRAPHQL_PERSISTED_FILE === null ? null : await readPersistedOperations(config.GRAPHQL_PERSISTED_FILE)
  const explorable = config.GRAPHQL_INTROSPECTION && !config.GRAPHQL_PERSISTED_ONLY
  const server = await startServer({
    host: config.HOST,
    port: config.PORT,
    loopbackOnly: config.OIDC_ISSUER === null,
    clock,
    metrics: { read: () => metricsText(store), token: config.METRICS_TOKEN },
    requestWithinMs: config.REQUEST_TIMEOUT_SECONDS * 1_000,
    readiness: { database: () => store.pool.query('select 1 from role_assignments limit 1').then(() => true) },
    api: !config.ROLES.includes('api')
      ? null
      : {
          schema: createSchema({
            ...defaultLimits,
            depth: config.GRAPHQL_MAX_DEPTH,
            complexity: config.GRAPHQL_MAX_COST,
          }),
          store,
          feed,
          authenticate: identity.authenticate,
          limits: {
            maxTokens: config.GRAPHQL_MAX_TOKENS,
            maxDepth: config.GRAPHQL_MAX_DEPTH,
            introspection: config.GRAPHQL_INTROSPECTION,
          },
          persisted: persisted === null ? null : { operations: persisted, only: config.GRAPHQL_PERSISTED_ONLY },
          trustedProxies: config.TRUSTED_PROXIES,
          corsOrigins: config.CORS_ORIGINS,
          explorer: explorable ? { examples: await readExamples(), token: identity.adminToken } : null,
          clientLimits: {
            connections: config.CONNECTIONS_MAX,
            subscriptionsPerConnection: config.SUBSCRIPTIONS_PER_CONNECTION,
            operationsPerSecond: config.OPERATIONS_PER_SECOND,
            messagesPerSecond: config.MESSAGES_PER_SECOND,
            messageBytes: config.MESSAGE_MAX_BYTES,
          },
          log,
        },
  })
  started.defer(() => server.stop())
  const running = started.move()
  return { url: server.url, tokens: identity.tokens, stop: () => running.disposeAsync() }
}
