import type { Activity, Cursor, Snapshot } from '../../activity/activity.ts'
import { compareCursors } from '../../activity/cursor.ts'

/** Where a subscription begins: what it is not sent, though the others may be sent it only now. */
export interface Beginning {
  /** Nothing that was in the log at this moment; null for one that resumes. */
  readonly moment: Snapshot | null
  /** Nothing up to this place: it has it already. */
  readonly after: Cursor
}

export function isBefore({ moment, after }: Beginning, { cursor }: Activity): boolean {
  return moment?.holds(cursor.transaction) === true || compareCursors(cursor, after) <= 0
}

/** Whether nothing that follows an event is before a beginning. */
export function isPast({ moment, after }: Beginning, { cursor }: Activity): boolean {
  return (moment === null || moment.isBefore(cursor.transaction)) && compareCursors(cursor, after) >= 0
}

/** Where one goes on that was sent what follows its beginning up to a place. */
export function goOn(beginning: Beginning | undefined, sent: Cursor): Beginning {
  if (beginning === undefined) return { moment: null, after: sent }
  return compareCursors(sent, beginning.after) > 0 ? { ...beginning, after: sent } : beginning
}
