import type { Activity } from '../activity.ts'
import { encodeCursor } from '../cursor.ts'

/** A fact as a line of JSON, with ids as the cloud and the rules there have them. */
export function jsonLine({ cursor, at, kind, actor, detail, ...about }: Activity): string {
  return `${JSON.stringify({ cursor: encodeCursor(cursor), at, kind, actor, ...about, detail })}\n`
}
