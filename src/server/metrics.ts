import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Store } from '../store/store.ts'
import { isLoopback } from '../access/loopback.ts'

/** How metrics are answered, and to whom. */
export interface MetricsOptions {
  /** Answers the text of a scrape. */
  readonly read: () => Promise<string>
  /** The bearer token a scraper must send; null: scrapers on this machine only, without one. */
  readonly token: string | null
}

interface Gauge {
  readonly name: string
  readonly help: string
  /** SQL of its value, or of rows of (label, value). */
  readonly sql: string
  readonly label?: string
}

/** What an operator sets alarms on. Above all: a grant that is over and not proven closed. */
const gauges: readonly Gauge[] = [
  {
    name: 'jit_gateway_grants',
    help: 'Grants that are not over, by state.',
    label: 'state',
    sql: `select json_object_agg(s, (select count(*) from grants where state = s)) from unnest(array['OPENING', 'ACTIVE', 'CLOSING']::grant_state[]) s`,
  },
  {
    name: 'jit_gateway_close_overdue_seconds',
    help: 'How long the grant that is longest over has not been proven closed; 0 when none is.',
    sql: `select coalesce(max(extract(epoch from gateway_now() - least(ends_at, closing_at))), 0) from grants where state = 'CLOSING'`,
  },
  {
    name: 'jit_gateway_closes_delayed',
    help: 'Grants whose closing was tried and failed, and goes on being tried.',
    sql: `select count(*) from grants where state = 'CLOSING' and close_attempts > 0`,
  },
  {
    name: 'jit_gateway_boundaries_failing',
    help: 'Boundaries whose last look met an error.',
    sql: 'select count(*) from boundary_reconciles where last_error_code is not null',
  },
  {
    name: 'jit_gateway_exposures',
    help: 'Protected ports that a foreign rule leaves reachable, and management ports open to any source.',
    sql: 'select count(*) from reported_exposures',
  },
  {
    name: 'jit_gateway_break_glass_unreviewed',
    help: 'Uses of break-glass that nobody else has reviewed.',
    sql: 'select count(*) from break_glass_uses where reviewed_at is null',
  },
  {
    name: 'jit_gateway_lockdowns',
    help: 'Lockdowns in force.',
    sql: 'select count(*) from lockdowns where lifted_at is null',
  },
  {
    name: 'jit_gateway_sync_age_seconds',
    help: 'Age of the oldest inventory; since registration where none was read yet.',
    sql: 'select coalesce(max(extract(epoch from gateway_now() - coalesce(last_synced_at, registered_at))), 0) from accounts',
  },
  {
    name: 'jit_gateway_oldest_write_seconds',
    help: 'How long the oldest write transaction is open: the activity feed waits for it.',
    sql: `select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0) from pg_stat_activity
      where datname = current_database() and backend_xid is not null and pid <> pg_backend_pid()`,
  },
]

const statement = {
  name: 'metrics',
  text: `select ${gauges.map(({ sql }, index) => `(${sql}) as g${String(index)}`).join(', ')}`,
}

/** The metrics in the text format of Prometheus, from one statement. */
export async function metricsText({ pool }: Pick<Store, 'pool'>): Promise<string> {
  const { rows } = await pool.query<Record<string, unknown>>(statement)
  const lines = gauges.flatMap(({ name, help, label }, index) => {
    const value = rows[0]?.[`g${String(index)}`]
    const samples =
      label === undefined
        ? [`${name} ${String(Number(value))}`]
        : Object.entries(value as Record<string, number>).map(([of, n]) => `${name}{${label}="${of}"} ${String(n)}`)
    return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...samples]
  })
  return `${lines.join('\n')}\n`
}

/** Whether a caller may read the metrics. */
export function mayScrape(request: IncomingMessage, token: string | null): boolean {
  if (token === null) return isLoopback((request.socket.remoteAddress ?? '').replace(/^::ffff:/, ''))
  const [given, wanted] = [request.headers.authorization ?? '', `Bearer ${token}`].map((text) => Buffer.from(text))
  return given !== undefined && wanted !== undefined && given.length === wanted.length && timingSafeEqual(given, wanted)
}
