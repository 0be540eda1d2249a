import { builder } from '../builder.ts'
import { plainOrNull, value } from '../read/fields.ts'
import { text, variant } from './activity-detail.ts'
import './boundary-rule.ts'

const recordedRule = (description: string, name: string) =>
  plainOrNull(
    'BoundaryRule',
    description,
    (row) => `(select nullif(${row}.detail->'${name}', 'null') as value)`,
    (rule) => `${rule}.value is not null`,
  )

const RuleChange = builder.enumType('RuleChange', {
  description: 'What somebody else did to a rule.',
  values: {
    REMOVED: { description: 'Took it away.' },
    EDITED: { description: 'Changed it.' },
    ADDED: { description: 'Made one up that looks like one of the gateway.' },
  },
})
const DriftAnswer = builder.enumType('DriftAnswer', {
  description: 'What the gateway did about a rule that somebody else changed.',
  values: {
    RESTORED: { description: 'Put it back as it was, or removed what was made up.' },
    REPORTED: { description: 'Left it, as its account has it or since it does no harm.' },
    CLOSED: { description: 'Ended the grants that it was for.' },
  },
})

/** What facts about changed rules carry. */
export const ruleDriftActivity = variant(
  'RuleDriftActivity',
  'A rule of the gateway that somebody else took away, changed or made up.',
  ['RuleDrifted'],
  {
    rule: value('String', 'The rule.', text('ruleName')),
    change: value(RuleChange, 'What became of it.', text('change')),
    before: recordedRule('As the gateway had it; null when it had none of that name.', 'before'),
    after: recordedRule('As it was found; null when it was gone.', 'after'),
    response: value(DriftAnswer, 'What was done about it.', text('response')),
  },
)
