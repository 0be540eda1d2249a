import { unsupportedMeanings } from '../../access/unsupported.ts'
import { unsupportedReasons } from '../../access/words.ts'
import { UnsupportedReason } from '../enums.ts'
import { column, plainOrNull, value } from '../read/fields.ts'
import { plain } from '../read/plain.ts'
import { literal } from '../read/sql.ts'

plain({
  name: 'Unsupported',
  description: 'Why just-in-time access cannot guard a machine, and what can be done about it.',
  rule: 'Visible with its virtual machine.',
  fields: {
    reason: column(UnsupportedReason, 'For programs.', 'reason'),
    cause: value('String', 'What was found, for a person to read.', (row) => said(row, 'cause')),
    cure: value('String', 'What makes it supported; the next inventory sync finds it done.', (row) =>
      said(row, 'cure'),
    ),
  },
})

/** What is said of the reason of the row `row`. */
function said(row: string, what: 'cause' | 'cure'): string {
  const texts = unsupportedReasons.map((reason) => [reason, unsupportedMeanings[reason][what]])
  return `${literal(JSON.stringify(Object.fromEntries(texts)))}::jsonb->>${row}.reason::text`
}

/** Why the machine is not supported. */
export const unsupported = plainOrNull(
  'Unsupported',
  'Why it cannot be guarded, with the cause and its cure; null unless it is UNSUPPORTED.',
  (row) => `(select ${row}.unsupported_reason as reason)`,
  (made) => `${made}.reason is not null`,
)
