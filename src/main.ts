import { ConfigError, readConfig, type Config } from './config.ts'
import { startGateway } from './gateway.ts'
import { pinoLog } from './log/pino.ts'
import { openCloud, type OpenCloud } from './open-cloud.ts'
import { welcome } from './welcome.ts'

/** How long a stop may take before it is given up, in milliseconds: longer than any write to a cloud is waited for. */
const STOP_WITHIN_MS = 60_000

const config = configured()
const log = pinoLog(config.LOG_LEVEL)
for (const event of ['unhandledRejection', 'uncaughtException'] as const)
  process.on(event, (error: unknown) => {
    log.error({ error }, `${event}: the process ends`)
    process.exit(1)
  })

/** What was started, to be stopped in the opposite order. */
const started = new AsyncDisposableStack()
const starting = start()
stopOnSignals()
await starting

async function start(): Promise<void> {
  try {
    const [database, cloud] = await Promise.all([openDatabase(config), startCloud()])
    const gateway = await startGateway({ config, log, databaseUrl: database.url, cloud })
    started.defer(() => gateway.stop())
    const [{ url, tokens }, seconds] = [gateway, performance.now() / 1_000]
    process.stdout.write(welcome({ url, tokens, database: database.name, cloud: cloud.name, seconds }))
  } catch (error) {
    log.error({ error }, 'the gateway could not be started')
    process.stderr.write(
      `JIT Gateway could not be started: ${error instanceof Error ? error.message : String(error)}\n`,
    )
    await started.disposeAsync().catch(() => {})
    process.exit(1)
  }
}

function configured(): Config {
  try {
    return readConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}

async function startCloud(): Promise<OpenCloud> {
  const cloud = await openCloud(config, log)
  started.defer(() => cloud.stop())
  return cloud
}

/** The configured Postgres, or one of our own in the data folder. */
async function openDatabase({ DATABASE_URL, DATA_DIR }: Config): Promise<{ url: string; name: string }> {
  if (DATABASE_URL !== null) return { url: DATABASE_URL, name: 'the one at DATABASE_URL' }
  const { startEmbeddedPostgres } = await import('./store/embedded/start.ts')
  const server = await startEmbeddedPostgres({ dataDir: DATA_DIR, log })
  started.defer(() => server.stop())
  return { url: server.url, name: `Postgres of our own, kept in ${DATA_DIR}` }
}

/** The first signal stops in order, once the start has come to its end; a second one ends the process at once. */
function stopOnSignals(): void {
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (stopping) process.exit(1)
      stopping = true
      log.info({ signal }, 'stopping')
      setTimeout(() => {
        log.error({}, 'the stop took too long and was given up')
        process.exit(1)
      }, STOP_WITHIN_MS).unref()
      void stop()
    })
}

async function stop(): Promise<void> {
  await starting
  try {
    await started.disposeAsync()
    log.info({}, 'stopped')
    process.exit(0)
  } catch (error) {
    log.error({ error }, 'the stop failed')
    process.exit(1)
  }
}
