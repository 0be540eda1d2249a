/** Fails when the tables in the code are not those that the migrations make: drizzle-kit would generate another one. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
const reviewed = join(root, 'drizzle')
const copy = await mkdtemp(join(tmpdir(), 'jit-gateway-migrations-'))
try {
  await cp(reviewed, copy, { recursive: true })
  const program = join(root, 'node_modules', 'drizzle-kit', 'bin.cjs')
  const flags = ['generate', '--dialect=postgresql', '--schema=./src/store/tables', `--out=${copy}`]
  // It would ask whether a column was renamed; with nobody to answer it must not wait for ever.
  await promisify(execFile)(process.execPath, [program, ...flags], { cwd: root, timeout: 60_000 })
  const known = new Set(await readdir(reviewed))
  for (const added of (await readdir(copy)).filter((name) => !known.has(name))) {
    const statements = await readFile(join(copy, added, 'migration.sql'), 'utf8')
    process.stderr.write(`the migrations lack what the tables have: npm run db:generate -- --name=...\n${statements}\n`)
    process.exitCode = 1
  }
} finally {
  await rm(copy, { recursive: true, force: true })
}
