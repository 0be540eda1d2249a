import { actions } from '../../access/role.ts'
import { managementPortsOf } from '../../access/policy.ts'
import { operatingSystems, type OperatingSystem } from '../../access/words.ts'
import { builder } from '../builder.ts'
import { Protocol } from '../enums.ts'
import { column, list, nullable, one, plainList, plainOrNull, value } from '../read/fields.ts'
import { placeOf, within } from '../read/parameters.ts'
import { plain } from '../read/plain.ts'

const rule = 'Visible with its virtual machine.'
const int = (name: string) => (row: string) => `(${row}.value->>'${name}')::int`

/** The elements of a list in JSON as rows, with where the machine lies. */
const elements = (json: string, place: string) =>
  `(select e.value, e.n, ${place} from jsonb_array_elements(${json}) with ordinality e(value, n))`

plain({
  name: 'OpeningRule',
  description: 'A rule that lets any source pass at one boundary, or some that others there complete.',
  rule,
  fields: {
    ruleName: value(
      'String',
      'The rule; null when the viewer may not read boundaries at the machine.',
      (row, parameters) =>
        `case when ${within(parameters, actions.readBoundary, placeOf(row))} then ${row}.value->>'ruleName' end`,
      { ...nullable, authorisation: `Whoever may do ${actions.readBoundary} at the virtual machine.` },
    ),
    boundary: one(
      'Boundary',
      'The boundary that has it; null when the viewer may not see it.',
      (row, boundary) => `${boundary}.id = ${row}.value->>'boundaryId'`,
    ),
  },
})

plain({
  name: 'OpenPorts',
  description:
    'Consecutive ports that rules leave open to any source. Whether a packet from the internet finds the machine besides ' +
    'is for its public addresses and what stands before them to say.',
  rule,
  fields: {
    first: value('Int', 'The first port, included: from 1.', int('first')),
    last: value('Int', 'The last port, included: to 65535.', int('last')),
    protocol: value(
      Protocol,
      'Over what they are open; ANY is TCP and UDP alike.',
      (row) => `${row}.value->>'protocol'`,
    ),
    managementPorts: value(
      'Int',
      'The recommended management ports among them, over TCP: 22 (SSH), 3389 (RDP), 5985 and 5986 (WinRM).',
      (row) => `array(select jsonb_array_elements_text(${row}.value->'managementPorts')::int)`,
      list,
    ),
    rules: plainList(
      'OpeningRule',
      'The rules that let anybody pass: one of each boundary on the path, in its order, or several that let everybody ' +
        'pass together, each some. Changing one of them closes the ports, unless others behind it let everybody pass ' +
        'too. A group without a rule here lets in what comes ' +
        "through a firewall by the cloud's default. What a prefix list of AWS holds is not known: it counts as some " +
        'sources. Empty when no boundary stands on the path of an interface.',
      (row) => elements(`${row}.value->'rules'`, `${row}.account_id, ${row}.resource_group_id, ${row}.vm_id`),
      (opening) => `${opening}.n`,
    ),
  },
})

/** What rules leave open of the machine. */
export const openPorts = plainList(
  'OpenPorts',
  'Ports that rules leave open to any source now, by number; allows of the gateway stand for grants and are not among ' +
    'them. Worked out whenever rules are observed to have changed. That a port which is no exposure was opened is no ' +
    'event: a list that is kept current shows it with the next change of the machine.',
  (
    row,
  ) => `(select o.* from open_ports p cross join lateral ${elements('p.ports', `${row}.account_id, ${row}.resource_group_id, ${row}.id as vm_id`)} o
    where p.vm_id = ${row}.id)`,
  (open) => `${open}.n`,
)

const RecommendationReason = builder.enumType('RecommendationReason', {
  description: 'Why it is recommended to enable JIT on a machine.',
  values: {
    OPEN_TO_ANY_SOURCE: {
      description:
        'A management port that its system answers at is open to any source: whoever finds the machine may try to sign ' +
        'in, at any time. `exposures` names the rule.',
    },
    NOT_GUARDED: {
      description:
        'No such port is open to any source now, but no policy keeps them closed: what rules let in is let in at all times.',
    },
  },
})

plain({
  name: 'RecommendedPort',
  description: 'A port that is recommended to be protected.',
  rule,
  fields: {
    port: column('Int', 'The port; over TCP.', 'port'),
    openToAnySource: column('Boolean', 'Whether rules leave it open to any source now.', 'open'),
  },
})

plain({
  name: 'Recommendation',
  description: 'What to do with a machine that could be guarded and is not: enable JIT for these ports.',
  rule,
  fields: {
    reason: value(
      RecommendationReason,
      'Why.',
      (row) => `case when ${row}.exposed then 'OPEN_TO_ANY_SOURCE' else 'NOT_GUARDED' end`,
    ),
    ports: plainList(
      'RecommendedPort',
      'The management ports that its system answers at: 22 on Linux; 3389, 5985 and 5986 on Windows; all of them when ' +
        'the system is not known.',
      (row) => `(select p.port, exists (select from reported_exposures e
          where e.vm_id = ${row}.vm_id and e.port = p.port) as open
        from unnest(${portsSql(`${row}.os`)}) p(port))`,
      (port) => `${port}.port`,
    ),
  },
})

function portsSql(os: string): string {
  const ports = (of: OperatingSystem | null) => `array[${managementPortsOf(of).join(', ')}]`
  const cases = operatingSystems.map((one) => `when '${one}' then ${ports(one)}`)
  return `case ${os} ${cases.join(' ')} else ${ports(null)} end`
}

/** What is recommended for the machine. */
export const recommendation = plainOrNull(
  'Recommendation',
  'What to do about it; null unless it is NOT_CONFIGURED, and when it is gone.',
  (row) => `(select ${row}.id as vm_id, ${row}.os, exists (
      select from reported_exposures e where e.vm_id = ${row}.id) as exposed
    where ${row}.jit_status = 'NOT_CONFIGURED' and ${row}.gone_at is null)`,
  () => 'true',
)
