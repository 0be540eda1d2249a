import { gatewayActor } from '../../../../src/access/words.ts'

/** Facts each grant has in the log. */
export const FACTS_PER_GRANT = 5
const SLICE = 20_000

const gateway = `'GATEWAY'::actor_kind, '${gatewayActor.id}', '${gatewayActor.name}'`
const requester = `'PERSON'::actor_kind, requester_id, requester_name`

/**
 * Grants, two a machine on average: six of each fifth machine, one of the others, in an order of time that knows no
 * machine. One in ten is active; the others are over.
 */
export const grants = (vms: number, seed: number) => [
  `create temp table drawn as
   select *, activated_at + duration_seconds * interval '1 second' as ends_at,
     pg_temp.id_at('request', s, requested_at) as request_id, pg_temp.id_at('grant', s, requested_at) as grant_id,
     case when os = 'LINUX' then 22 else 3389 end as port,
     array['203.0.113.' || pg_temp.draw('source', s, 256) || '/32'] as sources
   from (select *, requested_at + (2 + pg_temp.draw('opening', s, 5)) * interval '1 second' as activated_at,
       1800 * (1 + pg_temp.draw('duration', s, 4)) as duration_seconds,
       'user-' || who as requester_id, 'User ' || who as requester_name,
       pg_temp.draw('state', s, 10) = 0 as active
     from (select *, '2026-02-01Z'::timestamptz + s * interval '20 seconds' as requested_at, pg_temp.draw('who', s, 200) as who
       from (select e.*, row_number() over (order by md5('${String(seed)}:' || n || ':' || g)) - 1 as s
         from estate e, generate_series(1, case when busy then 6 else 1 end) g) ordered) timed) lived`,
  `create unique index on drawn (s)`,
  `analyze drawn`,

  `insert into requests (id, requester_kind, requester_id, requester_name, justification, status, requested_at, decided_at)
   select request_id, 'PERSON', requester_id, requester_name, 'Change ' || pg_temp.draw('change', s, 100000), 'APPROVED',
     requested_at, requested_at
   from drawn order by s`,

  `insert into grants (id, request_id, vm_id, account_id, resource_group_id, requester_id, requester_name, port, protocol,
     sources, state, requested_at, duration_seconds, ends_at, open_by, latest_end, activated_at, closing_at, end_reason,
     closed_at)
   select grant_id, request_id, vm_id, account_id, resource_group_id, requester_id, requester_name, port, 'TCP', sources,
     (case when active then 'ACTIVE' else 'CLOSED' end)::grant_state, requested_at, duration_seconds, ends_at,
     requested_at + interval '10 minutes', requested_at + interval '10 minutes' + duration_seconds * interval '1 second',
     activated_at, case when not active then ends_at end, case when not active then 'TIME_UP'::end_reason end,
     case when not active then ends_at + interval '2 seconds' end
   from drawn order by s`,

  `insert into enforcements (grant_id, boundary_id, status, rule_name, observed_at)
   select grant_id, nsg_id, 'OPEN', 'JitGateway-Allow-' || substr(grant_id::text, 25), activated_at
   from drawn where active and unsupported_reason is null`,

  // In slices, a transaction each: a log is not written at once.
  ...Array.from({ length: Math.ceil((vms * 2) / SLICE) }, (_, slice) => facts(slice * SLICE)),
]

/** The facts of a slice of grants, in the order of time. An active grant has drifted twice in the place of its end. */
function facts(from: number): string {
  const snapshot = (state: string, endsAt: string, endReason: string) =>
    `jsonb_build_object('state', ${state}, 'port', port, 'protocol', 'TCP', 'sources', to_jsonb(sources),
      'endsAt', ${endsAt}, 'endReason', ${endReason}, 'fault', null)`
  const fact = (kind: string, at: string, actor: string, detail: string) =>
    `(${kind}::fact_kind, ${at}, ${actor}, ${detail})`
  const later = (drift: string, over: string) => `case when active then ${drift} else ${over} end`
  const end = (place: number, kind: string, state: string) =>
    fact(
      later(`'GrantDrifted'`, `'${kind}'`),
      later(
        `activated_at + interval '${String(place)} minutes'`,
        `ends_at + interval '${String(place * 2 - 2)} seconds'`,
      ),
      gateway,
      snapshot(later(`'ACTIVE'`, `'${state}'`), 'iso(ends_at)', later('null', `'TIME_UP'`)),
    )
  return `insert into activities (at, kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id,
      policy_id, request_id, grant_id, requester_id, detail)
    select f.at, f.kind, f.actor_kind, f.actor_id, f.actor_name, account_id, resource_group_id, vm_id,
      case when guarded then policy_id end, request_id, case when f.place > 1 then grant_id end, requester_id, f.detail
    from drawn, lateral (select *, row_number() over () as place from (values
      ${[
        fact(
          `'AccessRequested'`,
          'requested_at',
          requester,
          `jsonb_build_object('justification', 'Change ' || pg_temp.draw('change', s, 100000), 'grants', 1)`,
        ),
        fact(`'GrantOpening'`, 'requested_at', requester, snapshot(`'OPENING'`, 'null', 'null')),
        fact(`'GrantActivated'`, 'activated_at', gateway, snapshot(`'ACTIVE'`, 'iso(ends_at)', 'null')),
        end(1, 'GrantClosing', 'CLOSING'),
        end(2, 'GrantClosed', 'CLOSED'),
      ].join(',\n      ')}) listed(kind, at, actor_kind, actor_id, actor_name, detail)) f
    where s >= ${String(from)} and s < ${String(from + SLICE)}
    order by f.at, s, f.place`
}
