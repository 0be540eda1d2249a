import { isObjectType } from 'graphql'
import { expect, it } from 'vitest'
import type { Entity } from '../../../src/graphql/read/description.ts'
import { createParameters } from '../../../src/graphql/read/parameters.ts'
import { entityNamed } from '../../../src/graphql/read/registry.ts'
import { useDatabase } from '../../support/database.ts'
import { schema } from '../support/ask.ts'
import type { Viewer } from '../../../src/access/viewer.ts'
import { textForm } from '../../../src/graphql/read/text-form.ts'

const database = useDatabase()
const viewer: Viewer = {
  actor: { kind: 'PERSON', id: 'rita', name: 'Rita' },
  groups: [],
  appRoles: [],
  rolesHeld: [],
  address: null,
}

/** Types that are rows of a table, which may be a view or made on the way. */
const described = Object.values(schema.getTypeMap()).flatMap((type): Entity[] => {
  if (
    !isObjectType(type) ||
    type.extensions['read'] !== true ||
    type.name.match(/Connection$|Edge$|^PageInfo$/) !== null
  )
    return []
  try {
    return [entityNamed(type.name)]
  } catch {
    return [] // one of the types of an interface
  }
})

/** The column that a field is. */
function columnOf(field: Entity['fields'][string]): string | undefined {
  if (field?.kind !== 'value' || field.stored !== true || field.nullable === true) return undefined
  return /\brow\."?(\w+)/.exec(field.sql('row', createParameters(textForm, viewer)))?.[1]
}

it('a field that is a column and never null is a column that Postgres keeps from being null', async () => {
  const { rows } = await database.store.pool.query<{ name: string; nullable: boolean }>(
    `select table_name || '.' || column_name as name, is_nullable = 'YES' as nullable from information_schema.columns
     join information_schema.tables t using (table_schema, table_name)
     where table_schema = 'public' and t.table_type = 'BASE TABLE'`,
  )
  const nullable = new Map(rows.map((row) => [row.name, row.nullable]))
  const tables = described.filter(({ table }) => rows.some(({ name }) => name.startsWith(`${table}.`)))
  const columns = tables.flatMap(({ table, fields }) =>
    Object.values(fields)
      .flatMap((field) => columnOf(field) ?? [])
      .map((column) => `${table}.${column}`),
  )
  expect(columns.length).toBeGreaterThan(40)
  expect(columns.filter((column) => nullable.get(column) !== false)).toEqual([])
})
