import type { LiveEnd } from '../../graphql/events/live-source.ts'
import type { LiveOperation } from './live-operation.ts'
import type { LogReader } from './log-reader.ts'
import { Member, type Register } from './member.ts'
import type { Standings } from './standing.ts'
import type { Broadcast, Subscription } from './subscription.ts'

/** What a group of subscriptions with the same document and variables has, whatever they are served from. */
export interface AnyGroup {
  readonly operation: LiveOperation
  /** How many belong to it. */
  size: number
}

interface MembershipOptions<Source, Group> {
  readonly reader: LogReader
  readonly standings: Standings
  readonly groupOf: (operation: LiveOperation, source: Source) => Group
  /** Takes a member out of its audience. */
  readonly remove: (member: Member<Group>) => void
}

/** Who has a subscription of one kind, grouped by what is asked. */
export function createMembership<Source, Group extends AnyGroup>(options: MembershipOptions<Source, Group>) {
  const { reader, standings } = options
  const groups = new Map<string, Group>()
  const members = new Set<Member<Group>>()

  const register: Register<Group> = {
    leave(member) {
      if (member.gone) return
      member.gone = true
      members.delete(member)
      options.remove(member)
      standings.leave(member.standing)
      member.group.size -= 1
      if (member.group.size === 0) groups.delete(member.group.operation.key)
      reader.release()
    },
    end(member, why) {
      if (member.gone) return
      register.leave(member)
      void Promise.resolve(member.group.operation.run(why, member.standing.viewer)).then((last) => {
        member.sink.send([last])
        member.sink.end()
      })
    },
  }

  return {
    groups,
    endAll(why: LiveEnd): void {
      for (const member of members) member.end(why)
    },
    /** Takes up a subscription; `serve` begins to serve it, once what is committed from then on is read. */
    enter(
      subscription: Subscription<Source>,
      serve: (member: Member<Group>) => Promise<void> | void,
    ): ReturnType<Broadcast<Source>['enter']> {
      const { operation, source, principal, viewer, reloadViewer, until, sink } = subscription
      const group = groups.get(operation.key) ?? options.groupOf(operation, source)
      groups.set(operation.key, group)
      group.size += 1
      const standing = standings.enter(principal, viewer, reloadViewer)
      const served = new Member(register, group, standing, until, sink)
      members.add(served)
      return { served, begun: reader.hold().then(() => serve(served)) }
    },
    get size() {
      return { members: members.size, groups: groups.size }
    },
  }
}
