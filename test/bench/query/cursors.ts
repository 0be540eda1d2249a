import type { Place, Row } from './documents.ts'
import type { Places } from './places.ts'

/** A page of a list, with what goes on from each of its rows. */
export interface CursorPage {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
  readonly edges: readonly { readonly cursor: string; readonly id: string }[]
}

/** Reads a page of machines, or of grants in a state. */
export type ReadPage = (state: Place['state'], after: string | null) => Promise<CursorPage>

/** What a server calls the place right after a row of a list. */
export type CursorOf = (state: Place['state'], row: Row) => string

/**
 * A server's cursors of the rows that pages begin after. They are opaque, so that they can only be had by paging: each
 * list is walked from its beginning until all are found.
 */
export async function cursorsOf(places: Places, read: ReadPage): Promise<CursorOf> {
  const found = new Map<string, string>()
  const walk = async (state: Place['state'], among: readonly Place[]) => {
    const wanted = new Set(among.flatMap(({ after }) => (after === null || after === undefined ? [] : [after.id])))
    for (let after: string | null = null; wanted.size > 0;) {
      const { pageInfo, edges }: CursorPage = await read(state, after)
      for (const { cursor, id } of edges) if (wanted.delete(id)) found.set(`${state ?? ''} ${id}`, cursor)
      after = pageInfo.endCursor
      if (!pageInfo.hasNextPage) break
    }
    if (wanted.size > 0) throw new Error(`${[...wanted][0] ?? ''} is on no page`)
  }
  await walk(undefined, places['virtual-machine-page'])
  for (const state of ['ACTIVE', 'CLOSED'] as const)
    await walk(
      state,
      places['grant-page'].filter((place) => place.state === state),
    )
  return (state, row) => found.get(`${state ?? ''} ${row.id}`) ?? ''
}
