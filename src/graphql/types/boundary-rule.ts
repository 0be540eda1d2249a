import { builder } from '../builder.ts'
import { list, plainList, plainOrNull, value } from '../read/fields.ts'
import { plain } from '../read/plain.ts'
import { elementsSql, textsSql } from '../read/sql.ts'

const rule = 'Visible with its boundary.'

const RuleAccess = builder.enumType('RuleAccess', {
  description: 'What a rule does with traffic that it matches.',
  values: { ALLOW: { description: 'Lets it pass.' }, DENY: { description: 'Drops it.' } },
})
const RuleProtocol = builder.enumType('RuleProtocol', {
  description: 'What protocol a rule matches.',
  values: {
    TCP: { description: 'TCP.' },
    UDP: { description: 'UDP.' },
    ANY: { description: 'Every protocol.' },
    OTHER: { description: 'One without ports, such as ICMP.' },
  },
})

const text = (name: string) => (row: string) => `${row}.value->>'${name}'`
const int = (name: string) => (row: string) => `(${row}.value->>'${name}')::int`
const texts = (name: string) => (row: string) => textsSql(`${row}.value->'${name}'`)

plain({
  name: 'PortRange',
  description: 'Consecutive ports.',
  rule,
  fields: {
    first: value('Int', 'The first port, included.', int('first')),
    last: value('Int', 'The last port, included.', int('last')),
  },
})

plain({
  name: 'Endpoint',
  description: 'A port of an address.',
  rule,
  fields: {
    address: value(
      'String',
      'Without prefix length; or a name that the cloud alone resolves.',
      (row) => `${row}.address`,
    ),
    port: value('Int', '1 to 65535.', (row) => `${row}.port`),
  },
})

plain({
  name: 'BoundaryRule',
  description: 'An inbound rule of a boundary, as last observed.',
  rule,
  fields: {
    name: value('String', 'Unique in its boundary.', text('name')),
    description: value('String', 'As written at the cloud; may be empty.', text('description')),
    priority: value(
      'Int',
      'Lower numbers are evaluated first; 0 where the cloud evaluates in no order.',
      int('priority'),
    ),
    access: value(RuleAccess, 'Whether it allows or denies.', text('access')),
    protocol: value(RuleProtocol, 'The protocol it matches.', text('protocol')),
    sources: value(
      'String',
      'CIDRs, `*`, or names that the cloud alone resolves (a service tag, a group).',
      texts('sources'),
      list,
    ),
    destinations: value('String', 'The same, of where traffic goes.', texts('destinations'), list),
    ports: plainList(
      'PortRange',
      'Ports it matches.',
      (row) => elementsSql(`${row}.value->'ports'`),
      (range) => `${range}.n`,
    ),
    translatesTo: plainOrNull(
      'Endpoint',
      'Where a NAT rule of a firewall sends on what it matches; null where it goes on as it came.',
      (row) => `(select ${row}.value->'translatesTo'->>'address' as address,
        (${row}.value->'translatesTo'->>'port')::int as port)`,
      (endpoint) => `${endpoint}.address is not null`,
    ),
    ours: value(
      'Boolean',
      'Whether the gateway wrote it; no other rule is ever touched.',
      (row) => `(lower(${row}.value->>'name') like 'jitgateway-%' and ${row}.value->>'name' not like '%/%')`,
    ),
  },
})
