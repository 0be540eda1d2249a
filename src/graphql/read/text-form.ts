import {
  getNamedType,
  isEnumType,
  isListType,
  isNonNullType,
  type GraphQLNamedType,
  type GraphQLOutputType,
} from 'graphql'
import type { Column, Form } from './form.ts'
import { durationSql, literal } from './sql.ts'

/** How many pieces are put together at once: each operator copies all that stands before it. */
const PIECES = 24

/**
 * The text of the answer, put together piece by piece with `||`: of all ways that were tried it costs Postgres the
 * least, a third of what `concat` does. No piece may be null: nothing would be left of what it is a piece of.
 */
export const textForm: Form = {
  name: 'text',
  key: (responseKey) => responseKey,
  leaf,
  // Postgres writes a blank behind each comma. To take the list apart would be a select of its own for each row.
  jsonList: (json) => `coalesce(replace(${textOf(json)}, '", "', '","'), '[]')`,
  word: (text) => literal(`"${text}"`),
  object: (columns) => joined([...beginning(columns), literal('}')]),
  varied(shared, cases) {
    if (cases.length === 1) return textForm.object([...shared, ...(cases[0]?.[1] ?? [])])
    // What is the same for all is there once: Postgres sets up every part of a statement for each run.
    const rests = cases.map(([is, columns]) => {
      const rest = shared.length === 0 ? beginning(columns) : columns.flatMap((column) => member(',', column))
      return `when ${is} then ${joined(rest)}`
    })
    const begun = shared.length === 0 ? [] : beginning(shared)
    return joined([...begun, `case ${rests.join(' ')} end`, literal('}')])
  },
  orNull: (object) => `coalesce(${object}, 'null')`,
  list: (element, from, orderBy) =>
    bracketed(`(select string_agg(coalesce(${element}, 'null'), ',' order by ${orderBy}) ${from})`),
  gathered: (element, orderBy) =>
    bracketed(`string_agg(${element}, ','${orderBy === undefined ? '' : ` order by ${orderBy}`})`),
}

const member = (sign: string, [key, sql]: Column) => [literal(`${sign}"${key}":`), `(${sql})::text`]

const beginning = (columns: readonly Column[]) =>
  columns.length === 0 ? [literal('{')] : columns.flatMap((column, place) => member(place === 0 ? '{' : ',', column))

/** Elements are null together when there is none. */
const bracketed = (elements: string) => `('[' || coalesce(${elements}, '') || ']')`

function joined(pieces: readonly string[]): string {
  if (pieces.length === 0) return "''"
  if (pieces.length <= PIECES) return `(${pieces.join(' || ')})`
  const parts: string[] = []
  for (let at = 0; at < pieces.length; at += PIECES) parts.push(joined(pieces.slice(at, at + PIECES)))
  return joined(parts)
}

/**
 * What its type would serialize the value of `sql` to, in JSON. Where the type has no null and it may be one, the
 * statement fails, as the executor would: it never answers null against the schema.
 */
function leaf(type: GraphQLOutputType, sql: string, certain: boolean): string {
  const named = getNamedType(type)
  const value = (one: string) => {
    if (named.name === 'Duration') return durationSql(one)
    return isEnumType(named) ? enumSql(named.getValues(), one) : one
  }
  if (isListType(isNonNullType(type) ? type.ofType : type)) {
    const list = value('v') === 'v' ? sql : `array(select ${value('v')} from unnest(${sql}) v)`
    return certain ? `array_to_json(${list})` : `coalesce(array_to_json(${list})::text, 'null')`
  }
  const never = isNonNullType(type)
  const kept = value(sql) === sql ? keptJson(named, sql) : null
  if (kept !== null) return `coalesce(${kept}, ${never ? FAILS : `'null'`})`
  const text = json(named.name, isEnumType(named), value(sql), certain)
  if (never && certain) return text
  return `coalesce((${text})::text, ${never ? FAILS : `'null'`})`
}

/**
 * The JSON of what is taken out of JSON, SQL's null for null; null for any other expression. A number, a moment or a
 * word is what the gateway wrote there, in which nothing is to be escaped; any other text is JSON there already.
 */
function keptJson(type: GraphQLNamedType, sql: string): string | null {
  const [, path, name, isNumber] = /^\(?(\w+\.\w+(?:->'\w+')*)->>('\w+')(\)::int)?$/.exec(sql) ?? []
  if (path === undefined || name === undefined) return null
  const text = `(${path}->>${name})`
  if (isNumber !== undefined) return text
  return isEnumType(type) || type.name === 'DateTime'
    ? `'"' || ${text} || '"'`
    : `nullif((${path}->${name})::text, 'null')`
}

/** Of a list in JSON, which is a part of other JSON mostly: to take it out as text is less work. */
const textOf = (json: string) => (/->'\w+'$/.test(json) ? json.replace(/->('\w+')$/, '->>$1') : `(${json})::text`)

/** A call of a function that is not immutable fails where it is reached, and not when the statement is planned. */
const FAILS = `concat('null for a field that is never null')::int::text`

/** The JSON of a value of a type; null for null, but for a Boolean that is certain. */
function json(type: string, isEnum: boolean, sql: string, certain: boolean): string {
  if (type === 'Int') return sql
  if (type === 'Boolean')
    return `case when ${sql} then 'true' ${certain ? 'else' : `when not (${sql}) then`} 'false' end`
  // Of a moment and a word only a column of their own says that nothing is to be escaped.
  const needsNoEscape = type === 'ID' || type === 'Duration' || (certain && (type === 'DateTime' || isEnum))
  return needsNoEscape ? `'"' || (${sql}) || '"'` : `to_json((${sql})::text)`
}

/** Names that a look-up finds quicker than a list of cases, which Postgres also sets up anew for every run. */
const MANY = 8

function enumSql(values: readonly { readonly name: string; readonly value: unknown }[], sql: string): string {
  if (values.every(({ name, value }) => name === value)) return sql
  const names = values.map(({ name, value }) => [String(value), name] as const)
  if (names.length > MANY) return `${literal(JSON.stringify(Object.fromEntries(names)))}::jsonb->>(${sql})::text`
  return `case ${sql} ${names.map(([value, name]) => `when '${value}' then '${name}'`).join(' ')} end`
}
