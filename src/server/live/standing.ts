import { roleFactKinds } from '../../access/fact-kinds.ts'
import type { CustomRoleDetail, RoleDetail } from '../../access/facts.ts'
import type { Principal, Viewer } from '../../access/viewer.ts'
import type { Activity } from '../../activity/activity.ts'
import type { Clock } from '../../time/clock.ts'
import type { LogReader } from './log-reader.ts'

/** What a principal may see at present, shared by all of its subscriptions. */
export interface Standing {
  readonly key: string
  readonly principal: Principal
  /** With the roles as last read. */
  viewer: Viewer
  /** Set while the roles have to be read before the next event is judged. */
  reading: Promise<void> | null
  /** Set when they could not be read: nothing can be judged by this any more. */
  failed: boolean
  members: number
  readonly read: () => Promise<Viewer>
}

/**
 * Who is subscribed, with the roles that each principal holds as the log tells of changes: a change is a fact of the
 * same log, so whatever follows it is judged by roles read after it. The end of an assignment is waited for by none: at
 * its moment the roles are read anew before anything else is judged by them.
 */
export function createStandings(reader: LogReader, clock: Clock) {
  const standings = new Map<string, Standing>()
  let reading = 0
  /** When the first role of anybody ends, or earlier. */
  let until = Infinity

  const readAnew = (standing: Standing) => {
    if (standing.reading === null) reading += 1
    const mine = standing.read().then(
      (viewer) => {
        standing.viewer = viewer
        if (standing.reading === mine) settle(standing)
      },
      () => {
        standing.failed = true
        if (standing.reading === mine) settle(standing)
      },
    )
    standing.reading = mine
  }
  /** A role was assigned, removed or expired: the roles of those whom it was for are read anew. */
  const changed = ({ principalKind, principalId }: RoleDetail) => {
    for (const standing of standings.values()) {
      const { actor, groups, appRoles } = standing.principal
      const named = { USER: [actor.id], GROUP: groups, APP_ROLE: appRoles }[principalKind]
      if (named === undefined || named.includes(principalId)) readAnew(standing)
    }
  }
  /** A role allows something else than before: those who hold it are read anew, and those who may do by now. */
  const redefined = ({ roleId }: CustomRoleDetail) => {
    for (const standing of standings.values()) {
      const holds = standing.viewer.rolesHeld.some(({ role }) => typeof role !== 'string' && role.id === roleId)
      if (holds || standing.reading !== null) readAnew(standing)
    }
  }
  /** Reads anew the roles of those of whom one has ended. */
  const letEnd = () => {
    if (clock.now() < until) return
    until = Infinity
    for (const standing of standings.values()) {
      if (standing.reading !== null) continue
      if (endOf(standing) <= clock.now()) readAnew(standing)
      else until = Math.min(until, endOf(standing))
    }
  }
  const settle = (standing: Standing) => {
    standing.reading = null
    reading -= 1
    until = Math.min(until, endOf(standing))
  }

  reader.add({
    begin() {},
    take(fact) {
      if (!isRoleFact(fact)) return
      if ('principalId' in fact.detail) changed(fact.detail)
      else redefined(fact.detail as CustomRoleDetail)
    },
    fail() {},
  })

  return {
    /** Takes up a subscription of `principal`; `viewer` may be older than the last change of its roles. */
    enter(principal: Principal, viewer: Viewer, read: () => Promise<Viewer>): Standing {
      const key = JSON.stringify([principal.actor.id, principal.groups.toSorted(), principal.appRoles.toSorted()])
      let standing = standings.get(key)
      if (standing === undefined || standing.failed) {
        standing = { key, principal, viewer, reading: null, failed: false, members: 0, read }
        standings.set(key, standing)
        readAnew(standing)
      }
      standing.members += 1
      return standing
    },
    leave(standing: Standing): void {
      standing.members -= 1
      if (standing.members === 0 && standings.get(standing.key) === standing) standings.delete(standing.key)
    },
    /** Resolves when the roles of all are as the log says; null when they are. */
    current(): Promise<unknown> | null {
      letEnd()
      if (reading === 0) return null
      return Promise.all([...standings.values()].flatMap(({ reading: one }) => one ?? []))
    },
  }
}

function endOf({ viewer, failed }: Standing): number {
  return failed ? Infinity : (viewer.rolesUntil ?? Infinity)
}

const roleFacts = new Set<string>(roleFactKinds)

/** Whether a fact says that somebody's roles changed. */
export function isRoleFact(fact: Activity): boolean {
  return roleFacts.has(fact.kind)
}

export type Standings = ReturnType<typeof createStandings>
