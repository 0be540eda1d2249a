import { coerceInputValue, validateInputValue, type GraphQLInputType, type GraphQLSchema } from 'graphql'
import type { Viewer } from '../../access/viewer.ts'
import type { Activity, Cursor } from '../../activity/activity.ts'
import { activityColumns, toActivity, type ActivityRow } from '../../activity/log-rows.ts'
import { rolesVersionSql } from '../../store/roles-version.ts'
import type { Store } from '../../store/store.ts'
import { filterValue } from '../read/filter-value.ts'
import type { Parameters } from '../read/parameters.ts'
import { valuesOf } from '../read/read.ts'
import { entityNamed } from '../read/registry.ts'
import { rowForm } from '../read/row-form.ts'
import { rowsSql } from '../read/rows-sql.ts'
import { shapeOf } from '../read/shape.ts'
import { createStatements } from '../read/statements.ts'
import { activityFilterWhere, activitySources, activityTimeBounds } from '../types/activity-filter-sql.ts'
import { oldestFirst } from '../types/activity-page.ts'

/** Rows of the log that one statement looks at: so much it costs at most, however few of them match. */
const LOOKED_AT = 1_000

/** A filter, coerced as that of the API's `activity`. */
export type ActivityFilterGiven = Readonly<Record<string, unknown>>

/** What is asked for of the log. */
export interface ActivityAsked {
  readonly filter: ActivityFilterGiven
  /** Nothing up to there; null: from the beginning. */
  readonly after: Cursor | null
  /** Nothing of this transaction, nor of a later one. */
  readonly upTo: string
}

/** A part of what was asked for, in the order of the log. */
export interface ActivityPart {
  readonly rows: readonly Activity[]
  /** Up to where it was looked; null when there is no more. */
  readonly next: Cursor | null
  /** The version of roles at the moment it was read: it is to be that of the viewer's. */
  readonly rolesVersion: string
}

/** Reads the log part by part, as `activity` of the API would show it to a viewer. */
export interface ActivityParts {
  /** Coerces a filter, or answers what is wrong with it. */
  filterOf(
    given: Readonly<Record<string, unknown>>,
  ): { readonly filter: ActivityFilterGiven } | { readonly faults: string[] }
  /** Refuses values that no statement can be given, with a `BAD_USER_INPUT`. */
  read(store: Store, viewer: Viewer, asked: ActivityAsked): Promise<ActivityPart>
}

export function createActivityParts(schema: GraphQLSchema): ActivityParts {
  const type = schema.getType('ActivityFilter') as GraphQLInputType
  const statements = createStatements(rowForm)
  return {
    filterOf(given) {
      const faults: string[] = []
      validateInputValue(given, type, ({ message }, path) => faults.push(`${path.join('.')}: ${message}`))
      if (faults.length > 0) return { faults }
      return { filter: coerceInputValue(given, type) as ActivityFilterGiven }
    },
    async read(store, viewer, asked) {
      const shape = `${asked.after === null ? 'first' : 'next'} ${shapeOf(type, asked.filter)}`
      const statement = statements.of(shape, viewer, (parameters) => partSql(parameters, asked))
      const { rows } = await store.pool.query<PartRow>({
        text: statement.text,
        values: valuesOf(statement, { viewer, selected: [], given: asked }),
        ...statements.nameOf(statement),
      })
      const [first] = rows
      const looked = first?.last_transaction ?? null
      const whole = first === undefined || first.looked_at < LOOKED_AT
      return {
        rows: rows.filter((row) => row.kind !== null).map(toActivity),
        next: whole || looked === null ? null : { transaction: looked, position: first.last_position as string },
        rolesVersion: first?.roles_version ?? '',
      }
    },
  }
}

/** A row of the part, or of nulls when nothing matches; each says what the whole part is. */
interface PartRow extends ActivityRow {
  readonly roles_version: string
  readonly looked_at: number
  readonly last_transaction: string | null
  readonly last_position: string | null
}

/**
 * First what is looked at, by what the filter narrows the log to, then what of that matches and may be seen: a part of a
 * long log in which nothing matches costs no more than any other.
 */
function partSql(parameters: Parameters, { filter, after }: ActivityAsked): string {
  const { table, authorisation } = entityNamed('Activity')
  const given = (of: (asked: ActivityAsked) => unknown, type: string) =>
    parameters.bind((run) => of(run.given as ActivityAsked), type)
  const valueWith = (below: boolean) =>
    filterValue(parameters, filter, (run) => (run.given as ActivityAsked).filter, { below, above: false })
  const [row, seen] = [parameters.alias(), parameters.alias()]
  const place = () =>
    `(${given(({ after: from }) => from?.transaction, 'text::xid8')}, ${given(({ after: from }) => from?.position, 'bigint')})`
  const matching = [
    `${row}.transaction < ${given(({ upTo }) => upTo, 'text::xid8')}`,
    ...(after === null ? [] : [`(${row}.transaction, ${row}.position) > ${place()}`]),
    ...activityTimeBounds(row, valueWith(after !== null)),
  ].join(' and ')
  const keys = oldestFirst.keys.map(({ sql }) => sql(row)).join(', ')
  const sources = activitySources(valueWith(true), parameters)
  const looked = rowsSql(parameters, { table, row, matching, order: oldestFirst, keys, sources, limit: LOOKED_AT })
  const shown = [authorisation.where(seen, parameters), ...activityFilterWhere(seen, valueWith(true))].join(' and ')
  return `part.* from (
    with looked as materialized (${looked})
    select ${rolesVersionSql()} as roles_version, (select count(*)::int from looked) as looked_at,
      l.transaction::text as last_transaction, l.position::text as last_position, ${activityColumns('a')}
    from (values (1)) one
    left join lateral (select transaction, position from looked order by transaction desc, position desc limit 1) l on true
    left join lateral (select ${seen}.* from looked ${seen} where ${shown}) a on true
    order by a.transaction, a.position) part`
}
