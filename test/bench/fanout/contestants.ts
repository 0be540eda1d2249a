import { fileURLToPath } from 'node:url'
import type { Store } from '../../../src/store/store.ts'
import { peer } from './peer.ts'
import { product } from './product.ts'
import type { Contestant } from './server.ts'
import type { FanoutSettings } from './settings.ts'

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The limit, which every figure is a ratio to. */
export const limit = (settings: FanoutSettings): Contestant =>
  // One frame for all holds one id for all.
  peer(settings, 'limit', file('limit.ts'), false)

/** Who takes part: the gateway and the limit always, the peers when they are asked for. */
export function contestants(settings: FanoutSettings, store: Store, url: string): readonly Contestant[] {
  const own = [product(settings, store, url), limit(settings)]
  if (!settings.peers) return own
  return [
    ...own,
    peer(settings, 'graphql-ws', file('../peers/fanout/yoga.ts')),
    peer(settings, 'mercurius', file('../peers/fanout/mercurius.ts')),
  ]
}
