import { existsSync } from 'node:fs'
import { readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { buildProduct } from '../build.ts'

const dist = fileURLToPath(new URL('../dist', import.meta.url))

test('a build leaves for a day what a product that runs may load yet, and no file is ever there in part', async () => {
  const [recent, old] = [join(dist, 'of-an-hour-ago.js'), join(dist, 'of-last-week.js')]
  onTestFinished(() => rm(recent, { force: true }))
  for (const [path, hours] of [
    [recent, 1],
    [old, 7 * 24],
  ] as const) {
    const at = new Date(Date.now() - hours * 3_600_000)
    await writeFile(path, '')
    await utimes(path, at, at)
  }
  const entry = join(dist, 'main.js')
  const before = await readFile(entry, 'utf8')
  let building = true
  const built = buildProduct().finally(() => (building = false))
  while (building) expect(await readFile(entry, 'utf8')).toBe(before)
  await built
  expect([existsSync(recent), existsSync(old)]).toEqual([true, false])
})
