import { formatDuration } from '../time/duration.ts'
import type { UserError } from './user-error.ts'

/** When the end of a grant is to be announced, as asked. */
export interface NoticeInput {
  /** How long before the end, in seconds; 0: never, null: as the gateway is configured. */
  readonly beforeEndSeconds?: number | null
}

/** The longest notice, in seconds. */
export const longestNotice = 3_600

/** Why a notice is none; null when it is one. `field` is its path in the verb's input. */
export function noticeError({ beforeEndSeconds }: NoticeInput, field: readonly string[]): UserError | null {
  const seconds = beforeEndSeconds ?? 0
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= longestNotice) return null
  const message = `The end is announced up to ${formatDuration(longestNotice)} ahead.`
  return { code: 'INVALID_INPUT', field: [...field, 'beforeEnd'], message }
}
