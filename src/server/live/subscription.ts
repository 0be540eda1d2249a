import type { Principal, Viewer } from '../../access/viewer.ts'
import type { LiveEnd } from '../../graphql/events/live-source.ts'
import type { LiveOperation } from './live-operation.ts'
import type { Sink } from './sink.ts'

/** Who subscribes to what, and how it is sent. */
export interface Subscription<Source> {
  readonly operation: LiveOperation
  readonly source: Source
  readonly principal: Principal
  readonly viewer: Viewer
  readonly reloadViewer: () => Promise<Viewer>
  /** When its token ends, in milliseconds since the epoch. */
  readonly until: number
  readonly sink: Sink
}

/** A subscription that is served. */
export interface Served {
  /** The reader has gone. */
  leave(): void
  /** Ends it with a last word that says why. */
  end(why: LiveEnd): void
}

/** Serves subscriptions of one kind. */
export interface Broadcast<Source> {
  /** Takes one up; `begun` resolves when what is committed from then on will be sent. */
  enter(subscription: Subscription<Source>): { readonly served: Served; readonly begun: Promise<void> }
  readonly size: { readonly members: number; readonly groups: number }
}
