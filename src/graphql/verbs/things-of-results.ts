import type { GraphQLResolveInfo } from 'graphql'
import type { builder } from '../builder.ts'
import type { GatewayContext } from '../context.ts'
import { readAligned } from '../read/read.ts'
import { refOf, type EntityName, type Row } from '../read/registry.ts'
import { selectionsBelow } from '../read/selection.ts'

/** The things that results hold, by field: their type, and the key of the one that a result is about. */
export type Things<Result> = Readonly<
  Record<string, { readonly entity: EntityName; readonly keyOf: (result: Result) => string | null }>
>

/** A result with what is selected of the things it holds, under the response keys. */
export type WithThings<Result> = Result & { readonly selected: ReadonlyMap<string, Row | null> }

/** Reads what is selected of the things that results hold: however many results, at the cost of one read for each field. */
export async function withThings<Result extends object>(
  results: readonly Result[],
  things: Things<Result>,
  context: GatewayContext,
  info: GraphQLResolveInfo,
): Promise<WithThings<Result>[]> {
  const columns = await Promise.all(
    selectionsBelow(info, ({ name }) => Object.hasOwn(things, name)).map(async ({ key, field, selection }) => {
      const { entity, keyOf } = things[field.name] as Things<Result>[string]
      return { key, rows: await readAligned(context, selection, entity, results.map(keyOf)) }
    }),
  )
  return results.map((result, place) => ({
    ...result,
    selected: new Map(columns.map(({ key, rows }) => [key, rows[place] ?? null])),
  }))
}

type FieldBuilder<Parent extends object> = PothosSchemaTypes.ObjectFieldBuilder<
  typeof builder.$inferSchemaTypes,
  Parent
>

/** A field of a result that is a thing it holds. */
export function thingField<Result extends object>(
  t: FieldBuilder<WithThings<Result>>,
  entity: EntityName,
  description: string,
) {
  return t.field({
    type: refOf(entity),
    nullable: true,
    description,
    resolve: ({ selected }, _args, _context, info) => selected.get(String(info.path.key)) ?? null,
  })
}
