import type { LiveList } from '../../graphql/events/live-list.ts'
import type { Log } from '../../log/log.ts'
import type { Clock } from '../../time/clock.ts'
import { createListDelivery } from './list-delivery.ts'
import { leaveListAudience, listAudienceOf, type ListGroup } from './list-group.ts'
import type { LogReader } from './log-reader.ts'
import { createMembership } from './membership.ts'
import { isRoleFact, type Standings } from './standing.ts'
import type { Broadcast } from './subscription.ts'

export interface ListBroadcastOptions {
  readonly reader: LogReader
  readonly standings: Standings
  readonly clock: Clock
  readonly log: Log
}

/**
 * Keeps lists current: each subscription is sent the whole list in parts, then what changes in it. A thing that changed
 * is read when it is sent, so that any number of changes is one update, and the last one wins.
 */
export function createListBroadcast(options: ListBroadcastOptions): Broadcast<LiveList> {
  const membership = createMembership<LiveList, ListGroup>({
    ...options,
    groupOf: (operation, list) => ({ operation, list, audiences: new Map(), size: 0 }),
    remove: leaveListAudience,
  })
  const delivery = createListDelivery(options)

  options.reader.add({
    begin() {},
    take(fact) {
      const roles = isRoleFact(fact)
      for (const { list, audiences } of membership.groups.values()) {
        const id = roles ? null : list.touched(fact)
        const many = list.changedMany(fact)
        for (const audience of audiences.values())
          if (roles) delivery.rolesChanged(audience)
          else if (many) delivery.changedMany(audience)
          else if (id !== null && list.sees(audience.standing.viewer, id)) delivery.changed(audience, id)
      }
    },
    fail: () => membership.endAll('LOG_UNAVAILABLE'),
  })

  return {
    enter: (subscription) =>
      membership.enter(subscription, (member) => {
        if (!member.gone) delivery.begin(listAudienceOf(member.group, member.standing), member)
      }),
    get size() {
      return membership.size
    },
  }
}
