import type { Viewer } from '../access/viewer.ts'
import type { Feed } from '../activity/activity.ts'
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../time/clock.ts'

/** What a resolver is given. The server makes one for each operation, after authentication. */
export interface GatewayContext {
  /** Replaced by a running subscription when roles were changed: what it reads later is judged by the new ones. */
  viewer: Viewer
  readonly store: Store
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  /** When the viewer's token ends, in milliseconds since the epoch: a subscription ends with it. */
  readonly authenticatedUntil: number
  /** Reads the viewer's roles anew; a running subscription calls it when roles were changed. */
  readonly reloadViewer: () => Promise<Viewer>
}
