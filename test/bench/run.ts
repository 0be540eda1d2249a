/**
 * `npm run bench -- NAME [--flag value...]` (or `--flag=value`) runs test/bench/NAME.ts, which exports `run(flags)`, and
 * prints what that answers as one line of JSON, the last of the output. What a benchmark has to say on its way goes to
 * standard error.
 */
import { existsSync, readdirSync } from 'node:fs'

/** The flags of a benchmark, by name; one without a value is `true`. */
export type BenchFlags = Readonly<Record<string, string>>

const [name = '', ...rest] = process.argv.slice(2)
const file = new URL(`${name}.ts`, import.meta.url)

if (!/^[a-z][a-z-]*$/.test(name) || name === 'run' || !existsSync(file)) {
  const names = readdirSync(new URL('.', import.meta.url))
    .filter((entry) => /^[a-z][a-z-]*\.ts$/.test(entry) && entry !== 'run.ts')
    .map((entry) => entry.slice(0, -'.ts'.length))
  process.stderr.write(`usage: npm run bench -- NAME [--flag value...], with a NAME of: ${names.join(', ')}\n`)
  process.exit(2)
}

const flags: Record<string, string> = {}
while (rest.length > 0) {
  const flag = rest.shift() ?? ''
  const [, key, value] = /^--([a-z][\w-]*)(?:=(.*))?$/s.exec(flag) ?? []
  if (key === undefined) {
    process.stderr.write(`${flag} is no flag: write --name value\n`)
    process.exit(2)
  }
  flags[key] = value ?? (rest[0]?.startsWith('--') === false ? rest.shift() : undefined) ?? 'true'
}

const { run } = (await import(file.href)) as { run: (flags: BenchFlags) => Promise<object> }
process.stdout.write(`${JSON.stringify(await run(flags))}\n`)
