import type { UserError } from '../../../src/access/user-error.ts'
import type { Store } from '../../../src/store/store.ts'

/** Errors as `code at path`. */
export const told = (userErrors: readonly UserError[]) =>
  userErrors.map(({ code, field }) => (field.length === 0 ? code : `${code} at ${field.join('.')}`))

/** The rows of a query. */
export async function rows<Row extends object>(
  store: Store,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const answer = await store.pool.query<Row>(text, [...values])
  return answer.rows
}

/** What every table holds, by table: equal when nothing at all was written. */
export async function everything(store: Store): Promise<Record<string, string>> {
  const tables = await rows<{ name: string }>(
    store,
    `select table_name as name from information_schema.tables
     where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`,
  )
  const found: Record<string, string> = {}
  for (const { name } of tables) {
    const [held] = await rows<{ held: string }>(
      store,
      `select count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' order by t::text)), '') as held from "${name}" t`,
    )
    found[name] = held?.held ?? ''
  }
  return found
}

/** A fact of the log as a test compares it. */
export interface Fact {
  readonly kind: string
  readonly actor_id: string
  readonly vm_id: string | null
  readonly account_id: string | null
  readonly resource_group_id: string | null
  readonly policy_id: string | null
  readonly request_id: string | null
  readonly grant_id: string | null
  readonly requester_id: string | null
  readonly detail: Record<string, unknown>
}

/** The place at the end of the log, for `factsAfter`. */
export async function endOfLog(store: Store): Promise<string> {
  const [end] = await rows<{ position: string }>(
    store,
    'select coalesce(max(position), 0)::text as position from activities',
  )
  return end?.position ?? '0'
}

/** The facts after a place in the log, in their order. */
export function factsAfter(store: Store, position: string): Promise<Fact[]> {
  return rows<Fact>(store, 'select * from activities where position > $1 order by position', [position])
}

/** The kinds of the facts about a grant, in their order. */
export async function storyOf(store: Store, grantId: string): Promise<string[]> {
  const facts = await rows<{ kind: string }>(
    store,
    'select kind from activities where grant_id = $1 order by position',
    [grantId],
  )
  return facts.map(({ kind }) => kind)
}

/** A grant as it is stored. */
export interface GrantRow {
  readonly id: string
  readonly vm_id: string
  readonly request_id: string
  readonly requester_id: string
  readonly port: number
  readonly protocol: string
  readonly sources: readonly string[]
  readonly state: string
  readonly requested_at: Date
  readonly duration_seconds: number | null
  readonly ends_at: Date | null
  readonly open_by: Date
  readonly latest_end: Date
  readonly end_reason: string | null
  readonly ended_by_id: string | null
}

/** A grant by its id; fails when there is none. */
export async function grantOf(store: Store, grantId: string): Promise<GrantRow> {
  const [grant] = await rows<GrantRow>(store, 'select * from grants where id = $1', [grantId])
  if (grant === undefined) throw new Error(`there is no grant ${grantId}`)
  return grant
}

/** How often a boundary was made due, and whether for a close; zero when never. */
export async function dueOf(store: Store, boundaryId: string): Promise<{ times: number; urgent: boolean }> {
  const [due] = await rows<{ times: number; urgent: boolean }>(
    store,
    'select generation::int as times, urgent from boundary_reconciles where boundary_id = $1 and next_run_at is not null',
    [boundaryId],
  )
  return due ?? { times: 0, urgent: false }
}
