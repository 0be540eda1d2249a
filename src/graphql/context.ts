import type { Principal, Viewer } from '../access/viewer.ts'
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../time/clock.ts'

/** What a resolver is given. The server makes one for each operation, after authentication. */
export interface GatewayContext {
  readonly viewer: Viewer
  /** Whom the viewer's token speaks for. */
  readonly principal: Principal
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** When the viewer's token ends, in milliseconds since the epoch: a subscription ends with it. */
  readonly authenticatedUntil: number
  /** Reads the viewer's roles anew; a running subscription is judged by them when roles were changed. */
  readonly reloadViewer: () => Promise<Viewer>
}
