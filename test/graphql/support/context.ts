import type { Role } from '../../../src/access/role.ts'
import type { Viewer } from '../../../src/access/viewer.ts'
import type { GatewayContext } from '../../../src/graphql/context.ts'
import { silentLog } from '../../../src/log/log.ts'
import type { Store } from '../../../src/store/store.ts'
import { systemClock } from '../../../src/time/clock.ts'

/** A person with one role at one scope; `name` is the id too. */
export function person(name: string, role: Role | null, scope = '/'): Viewer {
  return {
    actor: { kind: 'PERSON', id: name, name },
    groups: [],
    appRoles: [],
    rolesHeld: role === null ? [] : [{ role, scope }],
    address: '203.0.113.7',
  }
}

/** What the resolvers of one operation of `viewer` are given. */
export function contextOf(store: Store, viewer: Viewer, more: Partial<GatewayContext> = {}): GatewayContext {
  return {
    viewer,
    principal: viewer,
    store,
    clock: systemClock,
    log: silentLog,
    authenticatedUntil: systemClock.now() + 3_600_000,
    reloadViewer: () => Promise.resolve(viewer),
    ...more,
  }
}
