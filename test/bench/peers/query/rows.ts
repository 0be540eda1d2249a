/** Statements of Mercurius' and Apollo Server's resolvers: named, so that Postgres plans each once a connection. */
import { Pool } from 'pg'

const { DATABASE_URL = '', ACCOUNT_IDS = '' } = process.env
/** What the viewer may see: fixed, which saves each request to find out who asks. */
const accountIds = ACCOUNT_IDS.split(',')
const pool = new Pool({ connectionString: DATABASE_URL, max: 10 })

async function ask<Row extends object>(name: string, text: string, ...values: unknown[]): Promise<Row[]> {
  const { rows } = await pool.query<Row>({ name, text, values: [accountIds, ...values] })
  return rows
}

export interface MachineRow {
  readonly id: string
  readonly name: string
}
export interface PolicyRow {
  readonly id: string
  readonly vmId: string
}
export interface PortRow {
  readonly policyId: string
  readonly maximumDurationSeconds: number
}
export interface GrantRow {
  readonly id: string
  readonly vmId: string
  readonly requesterName: string
}
export interface ActivityRow {
  readonly vmId: string
  readonly kind: string
  readonly actorKind: string
  readonly actorName: string
  readonly detail: Readonly<Record<string, unknown>>
}
export interface AccountRow {
  readonly id: string
}
export interface CountsRow {
  readonly accountId: string
}

const instant = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
const machine = `v.id, v.name, v.resource_group as "resourceGroup", v.location, v.os, v.power, v.jit_status as "jitStatus"`
const seen = 'v.account_id = any($1) and v.gone_at is null'
const grant = `g.id, g.vm_id as "vmId", g.state, g.port, g.protocol, g.sources, g.requester_name as "requesterName",
  ${instant('g.requested_at')} as "requestedAt", ${instant('g.ends_at')} as "endsAt"`

export const machinePage = (after: readonly string[] | null, limit: number) =>
  ask<MachineRow>(
    'machine-page',
    `select ${machine} from virtual_machines v where ${seen} and (v.name, v.id) > ($2::text, $3::text)
     order by v.name, v.id limit $4`,
    ...(after ?? ['', '']),
    limit,
  )

export const machinesById = (ids: readonly string[]) =>
  ask<MachineRow>('machines', `select ${machine} from virtual_machines v where ${seen} and v.id = any($2)`, ids)

export const policiesOf = (vmIds: readonly string[]) =>
  ask<PolicyRow>(
    'policies',
    `select id, vm_id as "vmId", version from policies
     where account_id = any($1) and disabled_at is null and vm_id = any($2)`,
    vmIds,
  )

export const portsOf = (policyIds: readonly string[]) =>
  ask<PortRow>(
    'ports',
    `select policy_id as "policyId", port, protocol, allowed_sources as "allowedSources",
       maximum_duration_seconds as "maximumDurationSeconds"
     from policy_ports where $1::text[] is not null and policy_id = any($2::uuid[]) order by policy_id, port, protocol`,
    policyIds,
  )

export const grantPage = (state: string, after: readonly string[] | null, limit: number) =>
  ask<GrantRow>(
    'grant-page',
    `select ${grant} from grants g where g.account_id = any($1) and g.state = $2::grant_state and g.id < $3::uuid
     order by g.id desc limit $4`,
    state,
    after?.[0] ?? 'ffffffff-ffff-ffff-ffff-ffffffffffff',
    limit,
  )

export const grantsOf = (vmIds: readonly string[], state: string, limit: number) =>
  ask<GrantRow>(
    'grants-of',
    `select g.* from unnest($2::text[]) vm(id), lateral (select ${grant} from grants g
       where g.vm_id = vm.id and g.account_id = any($1) and g.state = $3::grant_state order by g.id desc limit $4) g`,
    vmIds,
    state,
    limit,
  )

export const activitiesOf = (vmIds: readonly string[], limit: number) =>
  ask<ActivityRow>(
    'activities-of',
    `select a.* from unnest($2::text[]) vm(id), lateral (select a.vm_id as "vmId", a.kind, ${instant('a.at')} as at,
         a.actor_kind as "actorKind", a.actor_name as "actorName", a.detail
       from activities a where a.vm_id = vm.id and a.account_id = any($1)
         and a.transaction < pg_snapshot_xmin(pg_current_snapshot())
       order by a.transaction desc, a.position desc limit $3) a`,
    vmIds,
    limit,
  )

export const accountById = (id: string) =>
  ask<AccountRow>('account', 'select id, name from accounts where id = any($1) and id = $2', id)

export const countsOf = (ids: readonly string[]) =>
  ask<CountsRow>(
    'counts',
    `select v.account_id as "accountId", (count(*) filter (where v.jit_status = 'CONFIGURED'))::int as configured,
       (count(*) filter (where v.jit_status = 'NOT_CONFIGURED'))::int as "notConfigured",
       (count(*) filter (where v.jit_status = 'UNSUPPORTED'))::int as unsupported
     from virtual_machines v where ${seen} and v.account_id = any($2) group by v.account_id`,
    ids,
  )
