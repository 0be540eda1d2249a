import { graphql } from 'graphql'
import type { Viewer } from '../../../src/access/viewer.ts'
import { createSchema } from '../../../src/graphql/schema.ts'
import type { Store } from '../../../src/store/store.ts'
import { contextOf } from './context.ts'

export const schema = createSchema()

/** Runs a query or a mutation as `viewer`; fails when it answers errors. */
export async function ask<Data>(store: Store, viewer: Viewer, source: string, variables: object = {}): Promise<Data> {
  const answer = await graphql({
    schema,
    source,
    contextValue: contextOf(store, viewer),
    variableValues: variables as Record<string, unknown>,
  })
  if (answer.errors !== undefined) throw new AggregateError(answer.errors, answer.errors.map(String).join('\n'))
  return plain<Data>(answer.data)
}

/** Results have no prototype; what they are compared with has one. */
function plain<Data>(value: unknown): Data {
  return JSON.parse(JSON.stringify(value)) as Data
}
