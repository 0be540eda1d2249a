import { base64urlSql } from '../read/sql.ts'

/** The SQL of the cursor of a fact: what `encodeCursor` of the activity room writes for the same place. */
export function activityCursorSql(transaction: string, position: string): string {
  return base64urlSql(`'1.' || ${transaction}::text || '.' || ${position}::text`)
}
