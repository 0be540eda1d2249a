import type { GraphQLResolveInfo } from 'graphql'
import type { builder } from '../builder.ts'
import type { GatewayContext } from '../context.ts'
import { readAligned } from './read.ts'
import { refOf, type EntityName, type Row } from './registry.ts'
import { selectionsBelow } from './selection.ts'

type FieldBuilder<Parent extends object> = PothosSchemaTypes.ObjectFieldBuilder<
  typeof builder.$inferSchemaTypes,
  Parent
>

/** A result in a list, with what is selected of the things it is about, under the response keys. */
export type WithThings<Result> = Result & { readonly selected: ReadonlyMap<string, Row | null> }

/** The things a result is about, by the field that holds them: their type, and the key of the result's own. */
export type ThingsOf<Result> = Readonly<
  Record<string, { readonly entity: EntityName; readonly keyOf: (result: Result) => string | null }>
>

/** Reads what is selected of the things of a list of results: one statement a field, however many results there are. */
export async function withThings<Result>(
  results: readonly Result[],
  things: ThingsOf<Result>,
  context: GatewayContext,
  info: GraphQLResolveInfo,
): Promise<WithThings<Result>[]> {
  const columns = await Promise.all(
    selectionsBelow(info, ({ name }) => Object.hasOwn(things, name)).map(async ({ key, field, selection }) => {
      const { entity, keyOf } = things[field.name] as ThingsOf<Result>[string]
      return { key, rows: await readAligned(context, selection, entity, results.map(keyOf)) }
    }),
  )
  return results.map((result, place) => ({
    ...result,
    selected: new Map(columns.map(({ key, rows }) => [key, rows[place] ?? null])),
  }))
}

/** A field of a result that holds one of its things; null for none, and for what the viewer may not see. */
export function thingField<Parent extends WithThings<object>>(
  t: FieldBuilder<Parent>,
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
