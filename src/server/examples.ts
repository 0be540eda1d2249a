import { readdir, readFile } from 'node:fs/promises'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { Kind, parse } from 'graphql'
import type { Example } from './explorer.ts'

const OPERATIONS = join(dirname(findPackageJSON(import.meta.url) ?? ''), 'schema/operations')

/** The documents of schema/operations, one for each thing a caller does, as tabs of GraphiQL in the order of their names. */
export async function readExamples(folder = OPERATIONS): Promise<readonly Example[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.graphql')).toSorted()
  return Promise.all(names.map(async (name) => exampleOf(await readFile(join(folder, name), 'utf8'))))
}

/** Variables that must be given are there to be filled in, as null. */
function exampleOf(document: string): Example {
  const variables = parse(document).definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION ? (definition.variableDefinitions ?? []) : [],
  )
  const needed = variables.filter(
    ({ type, defaultValue }) => type.kind === Kind.NON_NULL_TYPE && defaultValue === undefined,
  )
  const empty = Object.fromEntries(needed.map(({ variable }) => [variable.name.value, null]))
  return { document, variables: JSON.stringify(empty, null, 2) }
}
