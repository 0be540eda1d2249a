import type { DocumentName, Place } from './documents.ts'

/**
 * One statement that answers a document whole, as text, to whoever may read the accounts of its first parameter. JSON is
 * put together from texts by hand: of all ways that were tried it costs Postgres the least.
 */
export interface LimitStatement {
  readonly text: string
  values(place: Place): readonly unknown[]
}

/** `translate` would look at each character on its own. */
const base64url = (bytes: string) =>
  `rtrim(replace(replace(replace(encode(${bytes}, 'base64'), E'\\n', ''), '+', '-'), '/', '_'), '=')`
const globalId = (type: string, id: string) => base64url(`convert_to('${type}:' || ${id}, 'UTF8')`)
const cursor = (...keys: readonly string[]) =>
  base64url(`convert_to(json_build_array(${keys.join(', ')})::text, 'UTF8')`)
const instant = (moment: string) => `to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
const duration = (seconds: string) =>
  `'PT' || coalesce(nullif(${seconds} / 3600, 0) || 'H', '') || coalesce(nullif(${seconds} % 3600 / 60, 0) || 'M', '')`

/** An object: values are SQL of JSON, or, in quotes, of text that needs no escape; none is null in SQL. */
const object = (fields: Readonly<Record<string, string>>) =>
  `('{' || ${Object.entries(fields)
    .map(([name, sql]) =>
      sql.startsWith('"') ? `'"${name}":"' || (${sql.slice(1, -1)}) || '"'` : `'"${name}":' || (${sql})::text`,
    )
    .join(` || ',' || `)} || '}')`
const orNull = (isNull: string, sql: string) => `case when ${isNull} then 'null' else ${sql} end`
const array = (element: string, rows: string) =>
  `'[' || coalesce((select string_agg(${element}, ',') from ${rows}), '') || ']'`
const answer = (field: string, sql: string) => `'{"data":{"${field}":' || ${sql} || '}}' as answer`

const ports = array(
  object({
    port: 'pp.port',
    protocol: '"pp.protocol"',
    allowedSources: 'array_to_json(pp.allowed_sources)',
    maximumDuration: `"${duration('pp.maximum_duration_seconds')}"`,
  }),
  '(select * from policy_ports where policy_id = p.id order by port, protocol) pp',
)

const active = array(
  object({
    id: `"${globalId('Grant', 'g.id')}"`,
    port: 'g.port',
    protocol: '"g.protocol"',
    sources: 'array_to_json(g.sources)',
    endsAt: `"${instant('g.ends_at')}"`,
    requester: object({ name: 'to_json(g.requester_name)' }),
  }),
  `(select * from grants where vm_id = v.id and state = 'ACTIVE' and account_id = any($1) order by id desc limit 10) g`,
)

/** A page of the rows `v` of `rows`, of which one more is read. */
const page = (
  field: string,
  size: number,
  rows: string,
  order: string,
  cursorOf: string,
  node: string,
  joined = '',
) => `
  with page as materialized (${rows} order by ${order} limit ${String(size + 1)})
  select ${answer(
    field,
    object({
      pageInfo: object({
        hasNextPage: `case when (select count(*) from page) > ${String(size)} then 'true' else 'false' end`,
        endCursor: `coalesce('"' || max(n.cursor) || '"', 'null')`,
      }),
      nodes: `'[' || coalesce(string_agg(n.node, ',' order by n.n), '') || ']'`,
    }),
  )}
  from (select v.n, ${node} as node, case when v.n = (select least(count(*), ${String(size)}) from page) then ${cursorOf} end as cursor
    from (select *, row_number() over (order by ${order}) as n from page) v ${joined} where v.n <= ${String(size)}) n`

const actor = object({ kind: '"a.actor_kind"', name: 'to_json(a.actor_name)' })
const quoted = (sql: string) => `coalesce(to_json(${sql})::text, 'null')`
const kinds = {
  AccessRequested: 'ACCESS_REQUESTED',
  GrantOpening: 'GRANT_OPENING',
  GrantActivated: 'GRANT_ACTIVATED',
  GrantDrifted: 'GRANT_DRIFTED',
  GrantClosing: 'GRANT_CLOSING',
  GrantClosed: 'GRANT_CLOSED',
}
const kind = `case a.kind ${Object.entries(kinds)
  .map(([stored, shown]) => `when '${stored}' then '${shown}'`)
  .join(' ')} end`
const fact = (type: string, fields: Readonly<Record<string, string>>) =>
  object({ __typename: `"'${type}'"`, kind: `"${kind}"`, at: `"${instant('a.at')}"`, actor, ...fields })
const requestFact = fact('RequestActivity', {
  justification: quoted(`a.detail->>'justification'`),
  grantCount: `a.detail->'grants'`,
})
const grantFact = fact('GrantActivity', {
  state: `a.detail->'state'`,
  port: `a.detail->'port'`,
  protocol: `a.detail->'protocol'`,
  sources: `a.detail->'sources'`,
  endsAt: `a.detail->'endsAt'`,
  endReason: `a.detail->'endReason'`,
})
const facts = array(
  `case when a.kind = 'AccessRequested' then ${requestFact} else ${grantFact} end`,
  `(select * from activities where vm_id = v.id and account_id = any($1)
      and transaction < pg_snapshot_xmin(pg_current_snapshot())
    order by transaction desc, position desc limit 20) a`,
)

/** The policy `p` of the machine `v`. */
const withPolicy = `left join lateral (select id, version from policies
  where vm_id = v.id and disabled_at is null and account_id = any($1) limit 1) p on true`
const machineId = `"${globalId('VirtualMachine', 'v.id')}"`

export const limitStatements: Readonly<Record<DocumentName, LimitStatement>> = {
  'virtual-machine-page': {
    text: page(
      'virtualMachines',
      50,
      `select * from virtual_machines where account_id = any($1) and gone_at is null
         and (name, id) > ($2::text, $3::text)`,
      'name, id',
      cursor('v.name', 'v.id'),
      object({
        id: machineId,
        name: 'to_json(v.name)',
        resourceGroup: 'to_json(v.resource_group)',
        location: 'to_json(v.location)',
        os: `coalesce('"' || v.os::text || '"', 'null')`,
        power: '"v.power"',
        jitStatus: '"v.jit_status"',
        policy: orNull('p.id is null', object({ id: `"${globalId('Policy', 'p.id')}"`, version: 'p.version', ports })),
        grants: object({ nodes: active }),
      }),
      withPolicy,
    ),
    values: ({ after }) => [after?.name ?? '', after?.id ?? ''],
  },
  'virtual-machine-activity': {
    text: `select ${answer(
      'virtualMachine',
      object({
        id: machineId,
        name: 'to_json(v.name)',
        jitStatus: '"v.jit_status"',
        activity: object({ nodes: facts }),
      }),
    )} from virtual_machines v where v.id = $2::text and v.account_id = any($1)`,
    values: ({ id }) => [id],
  },
  'grant-page': {
    text: page(
      'grants',
      20,
      'select * from grants where account_id = any($1) and state = $2::grant_state and id < $3::uuid',
      'id desc',
      cursor('v.id'),
      object({
        id: `"${globalId('Grant', 'v.id')}"`,
        state: '"v.state"',
        port: 'v.port',
        protocol: '"v.protocol"',
        sources: 'array_to_json(v.sources)',
        requestedAt: `"${instant('v.requested_at')}"`,
        endsAt: `"${instant('v.ends_at')}"`,
        requester: object({ name: 'to_json(v.requester_name)' }),
        virtualMachine: orNull(
          'm.id is null',
          object({ id: `"${globalId('VirtualMachine', 'm.id')}"`, name: 'to_json(m.name)' }),
        ),
      }),
      `left join lateral (select id, name from virtual_machines
         where id = v.vm_id and account_id = any($1) limit 1) m on true`,
    ),
    values: ({ state, after }) => [state, after?.id ?? 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  },
  'jit-status-counts': {
    text: `select ${answer(
      'account',
      object({
        name: 'to_json(a.name)',
        virtualMachineCounts: `(select ${object({
          configured: `count(*) filter (where v.jit_status = 'CONFIGURED')`,
          notConfigured: `count(*) filter (where v.jit_status = 'NOT_CONFIGURED')`,
          unsupported: `count(*) filter (where v.jit_status = 'UNSUPPORTED')`,
        })} from virtual_machines v where v.account_id = a.id and v.gone_at is null)`,
      }),
    )} from accounts a where a.id = $2::text and a.id = any($1)`,
    values: ({ id }) => [id],
  },
}
