import { builder } from '../builder.ts'
import { columnKey } from './row-form.ts'
import type { Row } from './registry.ts'

/** Reads the answer of a field from its row: the statement put it there under the response key. */
export const fromRow = {
  resolve: (row: Row, _args: object, _context: object, info: { path: { key: string | number } }) =>
    row[columnKey(String(info.path.key))] as never,
}

const PageInfo = builder.objectRef<Row>('PageInfo')
PageInfo.implement({
  description: 'Where a page stands in its connection.',
  extensions: { authorisation: 'Visible with its connection.', read: true },
  fields: (t) => ({
    hasNextPage: t.boolean({ description: 'Whether rows follow the page.', ...fromRow }),
    hasPreviousPage: t.boolean({ description: 'Whether rows precede the page.', ...fromRow }),
    startCursor: t.string({
      nullable: true,
      description: 'Cursor of the first row; null for an empty page.',
      ...fromRow,
    }),
    endCursor: t.string({ nullable: true, description: 'Cursor of the last row; null for an empty page.', ...fromRow }),
  }),
})

/** The connection and edge types of a type of the read side. */
export function connectionOf(name: string, ref: ReturnType<typeof builder.objectRef<Row>>) {
  const extensions = { authorisation: `Holds only what the viewer may see: see ${name}.`, read: true }
  const edge = builder.objectRef<Row>(`${name}Edge`)
  edge.implement({
    description: `A row of a page of ${name}, and its place.`,
    extensions,
    fields: (t) => ({
      cursor: t.string({ description: 'The place of the row, for `after` and `before`. Opaque.', ...fromRow }),
      node: t.field({ type: ref, description: 'The row.', ...fromRow }),
    }),
  })
  const connection = builder.objectRef<Row>(`${name}Connection`)
  connection.implement({
    description: `A page of ${name}: only of those that the viewer may see.`,
    extensions,
    fields: (t) => ({
      edges: t.field({ type: [edge], description: 'The rows with their cursors.', ...fromRow }),
      nodes: t.field({ type: [ref], description: 'The rows alone.', ...fromRow }),
      pageInfo: t.field({ type: PageInfo, description: 'Where the page stands.', ...fromRow }),
      totalCount: t.int({ description: 'How many there are on all pages. Counted only when asked for.', ...fromRow }),
    }),
  })
  return connection
}
