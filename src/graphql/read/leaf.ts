import { getNamedType, isEnumType, isListType, isNonNullType, type GraphQLOutputType } from 'graphql'
import { durationSql } from './sql.ts'

/**
 * The SQL of a scalar or an enum as the answer has it, which is what its type would serialize the value of `sql` to.
 * `certain` is for what cannot be null where its type says so. For the rest the statement fails, as the executor would:
 * it never answers null against the schema.
 */
export function leafSql(type: GraphQLOutputType, sql: string, certain: boolean): string {
  const named = getNamedType(type)
  const list = isListType(isNonNullType(type) ? type.ofType : type)
  const one = (value: string) => {
    if (named.name === 'Duration') return durationSql(value)
    return isEnumType(named) ? enumSql(named.getValues(), value) : value
  }
  const written = list ? (one('v') === 'v' ? sql : `array(select ${one('v')} from unnest(${sql}) v)`) : one(sql)
  return certain || list || !isNonNullType(type) ? written : neverNull(named.name, written)
}

function enumSql(values: readonly { readonly name: string; readonly value: unknown }[], sql: string): string {
  if (values.every(({ name, value }) => name === value)) return sql
  return `case ${sql} ${values.map(({ name, value }) => `when '${String(value)}' then '${name}'`).join(' ')} end`
}

/** A call of a function that is not immutable fails where it is reached, and not when the statement is planned. */
const FAILS = `concat('null for a field that is never null')::int`

function neverNull(type: string, sql: string): string {
  if (type === 'Int') return `coalesce(${sql}, ${FAILS})`
  return type === 'Boolean' ? `coalesce(${sql}, ${FAILS} = 0)` : `coalesce((${sql})::text, ${FAILS}::text)`
}
