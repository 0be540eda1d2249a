import type { GraphQLOutputType } from 'graphql'

/** A response key, and the SQL of its answer as a form has it. */
export type Column = readonly [key: string, sql: string]

/** What a statement answers in, as the compiler builds it: each of these makes an SQL expression of other ones. */
export interface Form {
  /** `rows`: JSON that resolvers read. `text`: the text of the answer itself, as it is sent. */
  readonly name: 'rows' | 'text'
  /** The key under which the answer for a response key is held. */
  key(responseKey: string): string
  /**
   * A scalar or an enum from the SQL of its value; `certain` is for what cannot be null where its type says so, and for
   * a text which only what its type allows can be in.
   */
  leaf(type: GraphQLOutputType, sql: string, certain: boolean): string
  /** A list that is kept as JSON and whose texts hold no quotes; `texts` is the same as SQL's array. */
  jsonList(json: string, texts: string): string
  /** A text known beforehand, of which nothing is to be escaped. */
  word(text: string): string
  object(columns: readonly Column[]): string
  /** An object that begins with `shared`, and goes on with the columns of the first of these cases that is true. */
  varied(shared: readonly Column[], cases: readonly (readonly [is: string, columns: readonly Column[]])[]): string
  /** An object that may be missing, in which case `object` is SQL's null. */
  orNull(object: string): string
  /** A list of what `element` is for each row of `from`, in order; an element that is SQL's null is a null in it. */
  list(element: string, from: string, orderBy: string): string
  /** The same as an aggregate over rows, in the order they come in or another; it leaves nulls out. */
  gathered(element: string, orderBy?: string): string
}
