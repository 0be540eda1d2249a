import type { FactKind } from '../access/fact-kinds.ts'
import type { FactDetails } from '../access/facts.ts'
import type { Actor } from '../access/words.ts'

/** A place in the activity log. Both parts are unsigned 64-bit integers as text; the order is by transaction first. */
export interface Cursor {
  readonly transaction: string
  readonly position: string
}

/** One fact of the log, as it was committed. */
export interface Activity<Kind extends FactKind = FactKind> {
  readonly cursor: Cursor
  /** ISO 8601 in UTC, to the millisecond. */
  readonly at: string
  readonly kind: Kind
  readonly actor: Actor
  readonly accountId: string | null
  readonly resourceGroupId: string | null
  readonly vmId: string | null
  readonly boundaryId: string | null
  readonly policyId: string | null
  readonly requestId: string | null
  readonly grantId: string | null
  readonly requesterId: string | null
  readonly correlationId: string | null
  readonly detail: FactDetails[Kind]
}

/** Rows of the log that follow a place in it. */
export interface LogRows {
  /** In order, and final: no row will ever appear before the last of them. */
  readonly settled: readonly Activity[]
  /** As many rows as were asked for were found: there may be more. */
  readonly full: boolean
  /** Committed rows follow that are not final yet, since an older transaction is still running. */
  readonly unsettled: boolean
}

/** Which transactions had committed at a moment. */
export interface Snapshot {
  /** The place before every row that was not final at that moment. */
  readonly start: Cursor
  /** Whether a row of this transaction was in the log already. */
  holds(transaction: string): boolean
  /** Whether no row from this transaction on was in the log. */
  isBefore(transaction: string): boolean
}

/** The log as a stream: what was committed, in commit order, without gaps, each row once. */
export interface Feed {
  /** The present moment of the log. Null when `signal` is aborted first. */
  now(signal: AbortSignal): Promise<Snapshot | null>
  /** Up to `limit` rows after `after`; null when `signal` is aborted first. */
  history(after: Cursor, limit: number, signal: AbortSignal): Promise<LogRows | null>
  /**
   * Rows after `after`, oldest first, then live ones as they commit, until `signal` is aborted. A reader that falls behind
   * is served from the log. While the database is away it waits.
   */
  read(after: Cursor, signal: AbortSignal): AsyncGenerator<Activity>
}
