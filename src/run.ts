import { ConfigError, readConfig, type Config } from './config.ts'
import { startGateway } from './gateway.ts'
import type { Log } from './log/log.ts'
import { pinoLog } from './log/pino.ts'
import { openCloud } from './open-cloud.ts'
import { welcome } from './welcome.ts'

/** How long a stop may take before it is given up, in milliseconds: longer than any write to a cloud is waited for. */
const STOP_WITHIN_MS = 60_000

/**
 * Runs a gateway as the environment says, from start to stop, and resolves when it serves. A start that fails, or a
 * stop, ends the process: with 0 when everything was stopped in order, otherwise with 1.
 */
export async function run(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const config = configured(env)
  const log = pinoLog(config.LOG_LEVEL)
  for (const event of ['unhandledRejection', 'uncaughtException'] as const)
    process.on(event, (error: unknown) => {
      log.error({ error }, `${event}: the process ends`)
      process.exit(1)
    })
  // What was started, to be stopped in the opposite order.
  const started = new AsyncDisposableStack()
  const starting = start(config, log, started)
  stopOnSignals(log, async () => {
    await starting
    await started.disposeAsync()
  })
  await starting
}

async function start(config: Config, log: Log, started: AsyncDisposableStack): Promise<void> {
  const stoppedLater = async <Part extends { stop(): Promise<void> }>(opening: Promise<Part>): Promise<Part> => {
    const part = await opening
    started.defer(() => part.stop())
    return part
  }
  try {
    const [database, cloud] = await Promise.all([
      stoppedLater(openDatabase(config, log)),
      stoppedLater(openCloud(config, log)),
    ])
    const gateway = await stoppedLater(startGateway({ config, log, databaseUrl: database.url, cloud }))
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

function configured(env: Readonly<Record<string, string | undefined>>): Config {
  try {
    return readConfig(env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}

/** The configured Postgres, or one of our own in the data folder. */
async function openDatabase(
  { DATABASE_URL, DATA_DIR }: Config,
  log: Log,
): Promise<{ readonly url: string; readonly name: string; stop(): Promise<void> }> {
  if (DATABASE_URL !== null)
    return { url: DATABASE_URL, name: 'the one at DATABASE_URL', stop: () => Promise.resolve() }
  const { startEmbeddedPostgres } = await import('./store/embedded/start.ts')
  const server = await startEmbeddedPostgres({ dataDir: DATA_DIR, log })
  return { url: server.url, name: `Postgres of our own, kept in ${DATA_DIR}`, stop: () => server.stop() }
}

/** The first signal stops in order, once the start has come to its end; a second one ends the process at once. */
function stopOnSignals(log: Log, stop: () => Promise<void>): void {
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
      void endProcess(log, stop)
    })
}

async function endProcess(log: Log, stop: () => Promise<void>): Promise<void> {
  try {
    await stop()
    log.info({}, 'stopped')
    process.exit(0)
  } catch (error) {
    log.error({ error }, 'the stop failed')
    process.exit(1)
  }
}
