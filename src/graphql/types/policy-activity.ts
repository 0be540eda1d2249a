import { Leaving } from '../enums.ts'
import { nullable, plainList, value } from '../read/fields.ts'
import { elementsSql } from '../read/sql.ts'
import { int, name, text, variant } from './activity-detail.ts'
import { approvalField, textRuleField } from './plain.ts'

/** Facts about policies, and about the templates that they follow. */
export const policyVariants = [
  variant(
    'PolicyActivity',
    'A change of a policy, with what it said afterwards.',
    ['PolicyCreated', 'PolicyUpdated', 'PolicyDisabled'],
    {
      version: value('Int', 'The version of the policy.', int('version')),
      templateName: value(
        'String',
        'The name of the template that it followed from then on; null when it followed none.',
        text('template'),
        nullable,
      ),
      approvalRule: approvalField(
        'Who had to approve what was asked of a port without a rule of its own; null when nobody had to.',
        (row) => `${row}.detail->'approval'`,
      ),
      justificationRule: textRuleField('What was asked of a justification.', (row) => `${row}.detail->'justification'`),
      ticketRule: textRuleField('What was asked of the id of a ticket.', (row) => `${row}.detail->'ticket'`),
      closesForeignRules: value(
        'Boolean',
        'Whether foreign rules were to be taken away for it.',
        (row) => `coalesce((${row}.detail->>'closesForeignRules')::boolean, false)`,
      ),
      noticeBeforeEnd: value(
        'Duration',
        'How long before its end a grant was to be announced; PT0S: never, null: as the gateway is configured.',
        int('noticeSeconds'),
        nullable,
      ),
      ports: plainList(
        'RecordedPort',
        'The ports it protected.',
        (row) => elementsSql(`${row}.detail->'ports'`),
        (port) => `${port}.n`,
      ),
    },
  ),
  variant(
    'PolicyTemplateActivity',
    'A template was stated or removed, with what it said.',
    ['PolicyTemplateCreated', 'PolicyTemplateUpdated', 'PolicyTemplateRemoved'],
    {
      name,
      scope: value('String', 'Where it applied: a lower-cased path; `/` is everything.', text('scope')),
      version: value('Int', 'The version of the template.', int('version')),
      tags: plainList(
        'AskedTag',
        'What machines had to be tagged with, all of it.',
        (row) => elementsSql(`${row}.detail->'tags'`),
        (tag) => `${tag}.n`,
      ),
      ports: plainList(
        'TemplatePort',
        'The ports it protected; empty for the default ones of each operating system.',
        (row) => elementsSql(`nullif(${row}.detail->'terms'->'ports', 'null')`),
        (port) => `${port}.n`,
      ),
      whenLeft: value(
        Leaving,
        'What was to become of the policies of machines that it would no longer cover.',
        text('whenLeft'),
      ),
    },
  ),
]
