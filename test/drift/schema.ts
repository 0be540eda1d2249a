/** `--check` fails when schema/schema.graphql is not what the code's schema prints; `--write` prints it there. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { printSchema } from 'graphql'
import { createSchema } from '../../src/graphql/schema.ts'

const file = new URL('../../schema/schema.graphql', import.meta.url)
const printed = `${printSchema(createSchema())}\n`

if (process.argv.includes('--write')) {
  await mkdir(new URL('.', file), { recursive: true })
  await writeFile(file, printed)
} else if ((await readFile(file, 'utf8').catch(() => '')) !== printed) {
  process.stderr.write('schema/schema.graphql is not the schema of the code: npm run schema:print, and read the diff\n')
  process.exitCode = 1
}
