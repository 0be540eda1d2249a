import { nullable, value } from '../read/fields.ts'
import { plain } from '../read/plain.ts'
import { instantSql } from '../read/sql.ts'

/** An address as tools take it before a port: one of IPv6 in brackets. */
const hostSql = (address: string) => `case when ${address} like '%:%' then '[' || ${address} || ']' else ${address} end`

/** ` -p PORT`, or nothing where the port is the usual one. */
const unless = (row: string, usual: number, text: string) =>
  `case when ${row}.port = ${String(usual)} then '' else ${text} end`

plain({
  name: 'ConnectionDetails',
  description: 'Where one connects to by a grant that is ACTIVE.',
  rule: 'Visible with its grant.',
  fields: {
    address: value(
      'String',
      "The address: the firewall's public one where the machine is reached through a firewall, otherwise the machine's " +
        'own, the public one for sources outside of private networks where it has one.',
      (row) => `${row}.address`,
    ),
    port: value(
      'Int',
      "The port at that address: of a firewall, the one that it sends on to the machine's; otherwise the granted one.",
      (row) => `${row}.port`,
    ),
    userName: value(
      'String',
      'The user that the machine was made with; null when the cloud does not say.',
      (row) => `${row}.user_name`,
      nullable,
    ),
    command: value(
      'String',
      'A line that connects: `ssh` for port 22, `mstsc` for 3389, `Enter-PSSession` for 5985 and 5986; null for other ' +
        'ports, and for grants of UDP alone.',
      (row) => `case when ${row}.protocol = 'UDP' then null
        when ${row}.granted = 22 then 'ssh ' || ${unless(row, 22, `'-p ' || ${row}.port || ' '`)}
          || ${userSql(row, `'@'`)} || ${row}.address
        when ${row}.granted = 3389 then 'mstsc /v:' || ${hostSql(`${row}.address`)}
          || ${unless(row, 3389, `':' || ${row}.port`)}
        when ${row}.granted in (5985, 5986) then 'Enter-PSSession -ComputerName ' || ${row}.address
          || ' -Port ' || ${row}.port || case when ${row}.granted = 5986 then ' -UseSSL' else '' end end`,
      nullable,
    ),
    until: value(
      'DateTime',
      'From when on new connections may be refused: the end of the window; through a firewall earlier, by as long as its ' +
        'writes take or twice that, but never before half of the window, so that it is shut when the window ends.',
      (row) => instantSql(`${row}.until`),
    ),
  },
})

/** A user in front of an address, where the name is one that no shell reads as anything else. */
function userSql(row: string, after: string): string {
  return `case when ${row}.user_name ~ '^[A-Za-z0-9_][A-Za-z0-9._-]*$' then ${row}.user_name || ${after} else '' end`
}

/**
 * The one row of the details of the grant `row`; its address is null where there are none. Who comes from outside comes
 * through the firewall where one stands before the machine, and else straight.
 */
export function connectionSql(row: string): string {
  const some = (s: string) => `exists (select 1 from unnest(${row}.sources) s where ${s})`
  return `(select way.address, way.port, way.until, ${row}.port as granted, ${row}.protocol, v.admin_user_name as user_name
    from virtual_machines v
    cross join lateral (
      select e.public_address as address, e.public_port as port, leaves_at(g, 2 * r.write_ms) as until, 0 as place,
        e.boundary_id as id
      from enforcements e join grants g on g.id = e.grant_id
      join boundary_reconciles r on r.boundary_id = e.boundary_id
      where e.grant_id = ${row}.id and e.status = 'OPEN' and e.public_address is not null
      union all
      select a.address, ${row}.port, ${row}.ends_at, a.place + case when i."primary" then 0 else 1 end, i.id
      from virtual_machine_interfaces i
      cross join lateral (
        select p as address, 1 as place from unnest(i.public_addresses) p
          where ${some('family(s::inet) = family(p::inet) and (family(p::inet) = 6 or comes_from_outside(s))')}
        union all select p, 3 from unnest(i.addresses) p where ${some('family(s::inet) = family(p::inet)')}) a
      where i.vm_id = ${row}.vm_id and not (${some('comes_from_outside(s)')}
        and exists (select 1 from virtual_machine_interfaces f where f.vm_id = ${row}.vm_id
          and f.network_boundary_id is not null))
      order by place, id, address limit 1) way
    where v.id = ${row}.vm_id and ${row}.state = 'ACTIVE' and ${row}.ends_at is not null)`
}
