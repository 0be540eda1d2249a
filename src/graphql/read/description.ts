import type { InputFieldMap, TypeParam } from '@pothos/core'
import type { Viewer } from '../../access/viewer.ts'
import type { NodeType } from '../global-id.ts'
import type { Parameters } from './parameters.ts'
import type { Selected } from './selection.ts'

/** What the schema's types are known by to the builder. */
export type FieldType = TypeParam<PothosSchemaTypes.ExtendDefaultTypes<object>>

/** Makes an SQL expression about a row, which is known by its alias. */
export type RowSql = (row: string, parameters: Parameters) => string

/** Who may see rows of a type: in words for readers of the schema, and as the predicate every read of it carries. */
export interface Authorisation {
  readonly rule: string
  readonly where: RowSql
}

interface Described {
  /** What it is, its unit, and what null means. */
  readonly description: string
  /** Who may see it, where that is narrower than for its type. */
  readonly authorisation?: string
  /** Whether it depends on the address that the call came from: nobody else is answered the same. */
  readonly perAddress?: boolean
}

/** A field that is one SQL expression: a scalar or an enum, or a list of these if `list`. */
export interface Value extends Described {
  readonly kind: 'value'
  readonly type: unknown
  readonly nullable?: boolean
  readonly list?: boolean
  /** A column of the type's table: its constraint there keeps it from being null. */
  readonly stored?: boolean
  readonly sql: RowSql
  /** For a list that is kept as JSON and whose texts hold no quotes: that JSON. */
  readonly json?: RowSql
}

/** At most one row of another type; null when there is none or the viewer may not see it. */
export interface One extends Described {
  readonly kind: 'one'
  readonly to: string
  /** Only where the row always exists and is visible with its parent. */
  readonly nonNull?: boolean
  readonly on: (row: string, other: string) => string
  /** What it is read from in place of the type's own table: for plain types, which have none. */
  readonly from?: (row: string, parameters: Parameters, node: Selected) => string
  /** The arguments of the field, which `from` takes from `node`, and values of them through `parameters` only. */
  readonly args?: InputFieldMap
}

/** A short list of parts, owned by the row and visible with it. */
export interface Parts extends Described {
  readonly kind: 'parts'
  readonly of: string
  readonly on: (row: string, part: string, parameters: Parameters) => string
  readonly orderBy: (part: string) => string
  /** What they are read from in place of the type's own table. */
  readonly from?: RowSql
}

/** One page of rows of another type. */
export interface Connection extends Described {
  readonly kind: 'connection'
  readonly of: string
  /** `row` is empty for a connection of Query, which has no row. */
  readonly on: (row: string, other: string, parameters: Parameters) => string
  readonly orders: Orders
  readonly filter?: Filter
  /**
   * What a page is read by, where its rows are few among many: each source in the order of the page, by an index of its
   * own, instead of all rows in that order until enough of them match. Together they hold every row that matches; a row
   * may be in several. Null: the order alone.
   */
  readonly sources?: (filter: FilterValue, parameters: Parameters) => readonly Source[] | null
}

/**
 * Rows with one of some values in a column, an index of which goes on with the keys of every order; or all rows, where a
 * condition on parameters holds.
 */
export type Source =
  | {
      readonly column: string
      /** SQL of the values, as an array; nulls in it stand for nothing. */
      readonly values: string
    }
  | { readonly when: string }

export type Field = Value | One | Parts | Connection

/** The orders a connection can be read in; the first is the default, and `orderBy` is an argument if there are more. */
export type Orders = readonly [Order, ...Order[]]

/** A total order: its last key is unique. All keys run in one direction, so that a row comparison pages it. */
export interface Order {
  readonly name: string
  readonly description: string
  readonly direction: 'asc' | 'desc'
  readonly keys: readonly OrderKey[]
  /** How cursors of this order are written; without it, the common way. */
  readonly cursor?: {
    readonly sql: (keys: readonly string[]) => string
    readonly parse: (text: string) => string[] | null
  }
}

export interface OrderKey {
  readonly type: 'text' | 'uuid' | 'bigint' | 'xid8'
  readonly sql: (row: string) => string
}

/** What a connection can be narrowed by. */
export interface Filter {
  /** The input type of the `filter` argument. */
  readonly input: unknown
  /**
   * The predicates of a filter. Text may depend on which parts are given and on enum and boolean values; every other
   * value is taken through `bind`, since the statement is shared by filters of one shape.
   */
  readonly where: (row: string, filter: FilterValue, parameters: Parameters) => string[]
  /**
   * Whether the rows let through are to be found first, by an index that is not in any order, and put in order then.
   * Postgres, which does not know the values, would read all rows in order and look at each.
   */
  readonly gathers?: (filter: FilterValue) => boolean
}

/** A filter as given, behind accessors that keep its values out of the statement's text. */
export interface FilterValue {
  /**
   * Whether the keys of the order are bound by a cursor already, from below and from above: a bound of the filter's own
   * would be wider, and might be the one that a page is read from.
   */
  readonly bounded: { readonly below: boolean; readonly above: boolean }
  /** Whether a value was given, which may shape the text. */
  has(name: string): boolean
  /** Whether no value was given but of these. */
  isOnly(names: readonly string[]): boolean
  /** An enum or boolean value, which may shape the text; undefined when absent. */
  shape(name: string): string | boolean | undefined
  /**
   * That `column` is one of the enum values given under `name`, which shape the text; undefined when absent. For what an
   * index or its predicate speaks of: a plan made for any parameter could not know that.
   */
  among(name: string, column: string): string | undefined
  /** A parameter with the value of `name`, converted by `convert`; undefined when absent. */
  bind(name: string, type: string, convert?: (value: never, viewer: Viewer) => unknown): string | undefined
}

/** How a field of Query is read. */
export interface Root {
  /** Tells its statement from those of other fields that select the same. */
  readonly name: string
  /** Known without a read: a statement is made for it only when it is asked for beside what needs one. */
  readonly known?: boolean
  /** What else of its arguments shapes the text; refuses those that it cannot take. */
  readonly shape?: (args: Arguments) => string
  /** Narrows an abstract type to the object types that the answer can have. */
  readonly only?: (args: Arguments) => readonly string[]
  /** Its answer as JSON. Values of arguments are parameters, taken from the run. */
  readonly sql: (parameters: Parameters, node: Selected) => string
}

/** The arguments of a field, coerced. */
export type Arguments = Selected['arguments']

/** A type of the schema as the compiler sees it. */
export interface Entity {
  readonly name: string
  readonly table: string
  readonly authorisation: Authorisation
  readonly fields: Readonly<Record<string, Field>>
  /** Set for types with a global id: the SQL type of the column `key`. */
  readonly key?: { readonly column: string; readonly type: 'uuid' | 'text' | 'bigint' }
  /** Set for an interface: the object types a row can be, told apart by the values of one column. */
  readonly variants?: readonly Variant[]
  /** A value of the row it belongs to. Code makes such values too, with its fields as properties. */
  readonly plain?: boolean
  readonly nodeType?: NodeType
}

export interface Variant {
  readonly name: string
  /** The column, and what is in it for a row of this type: names that need no escape. */
  readonly told: { readonly by: string; readonly values: readonly string[] }
  readonly fields: Readonly<Record<string, Field>>
}

export type { InputFieldMap, Parameters, Selected }
