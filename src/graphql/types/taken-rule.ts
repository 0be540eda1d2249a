import { part } from '../read/entity.ts'
import { instant, nullable, plainOrNull, value } from '../read/fields.ts'
import { failureSql, isFailure } from '../read/sql.ts'
import './plain.ts'

const text = (name: string) => (row: string) => `${row}.rule->>'${name}'`

part({
  name: 'TakenRule',
  description:
    'A foreign rule of a security group that a policy has taken away: it is written again when JIT is disabled.',
  table: 'taken_rules',
  authorisation: { rule: 'Visible with its boundary.', where: () => 'true' },
  fields: {
    groupId: value('String', 'The security group it was in.', text('groupId')),
    ruleId: value('String', 'Its id there; it gets another when it is written again.', text('ruleId')),
    admits: value(
      'String',
      'Protocol, ports and source, as the cloud says them.',
      (row) => `substr(${row}.place, length(${row}.rule->>'groupId') + 2)`,
    ),
    description: value('String', 'What it says of itself; null when nothing.', text('description'), nullable),
    takenAt: instant('When it was seen to be gone; null while it stands.', 'taken_at', nullable),
    failure: plainOrNull(
      'Failure',
      'Why it was not taken away, or not written again; null when nothing is wrong.',
      (row) => failureSql(`${row}.fault_code`, `${row}.fault_message`),
      isFailure,
    ),
  },
})
