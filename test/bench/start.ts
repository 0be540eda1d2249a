import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { BenchFlags } from './run.ts'
import { startProduct } from './start/product.ts'
import { whereTimeGoes } from './start/where-time-goes.ts'
import { useBenchDatabase } from './support/database.ts'
import { percentile } from './support/percentile.ts'

/**
 * Starts the product `--runs` times over a database that is there, as `npm start` does, from its spawn to the first
 * answered query, and reads its resident memory `--idle` seconds later; medians of the runs. One start before them
 * fills the database and the cache of compiled code. Then starts it `--embedded` times in an empty folder, where it
 * makes a Postgres of its own, and once more there.
 */
export async function run(flags: BenchFlags): Promise<object> {
  const number = (name: string, value: number) => Number(flags[name] ?? value)
  const [runs, idle, embedded] = [number('runs', 5), number('idle', 5), number('embedded', 3)]
  const say = (text: string) => process.stderr.write(`${text}\n`)
  const median = (values: readonly number[]) => percentile(values, 50)

  await using started = new AsyncDisposableStack()
  const folder = async () => {
    const path = await mkdtemp(join(tmpdir(), 'jit-gateway-bench-start-'))
    started.defer(() => rm(path, { recursive: true, force: true }))
    return path
  }
  const database = await useBenchDatabase()
  started.defer(() => database.stop())
  const env = { DATABASE_URL: database.url, DATA_DIR: await folder() }

  const first = await startProduct(env)
  await delay(idle * 1_000)
  await first.stop()
  say(`the first start over an empty database: ${String(first.readyMs)} ms`)
  const [readyMs, rssMb]: [number[], number[]] = [[], []]
  for (let round = 0; round < runs; round += 1) {
    const product = await startProduct(env)
    await delay(idle * 1_000)
    readyMs.push(product.readyMs)
    rssMb.push(product.rssMb())
    await product.stop()
    say(`ready after ${String(readyMs.at(-1))} ms, ${String(rssMb.at(-1))} MB ${String(idle)} s later`)
  }
  say(await whereTimeGoes(env, await folder()))

  const [emptyMs, keptMs]: [number[], number[]] = [[], []]
  for (let round = 0; round < embedded; round += 1) {
    const ownEnv = { DATABASE_URL: '', DATA_DIR: await folder() }
    for (const times of [emptyMs, keptMs]) {
      const product = await startProduct(ownEnv)
      times.push(product.readyMs)
      await product.stop()
    }
    say(
      `with its own Postgres: ${String(emptyMs.at(-1))} ms in an empty folder, ${String(keptMs.at(-1))} ms after that`,
    )
  }
  return {
    bench: 'start',
    runs,
    readyMs: median(readyMs),
    rssMb: median(rssMb),
    ...(embedded > 0 ? { embeddedFirstMs: median(emptyMs), embeddedAgainMs: median(keptMs) } : {}),
  }
}
