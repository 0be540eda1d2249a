import { ArmError } from '../answer.ts'
import type { WriteEvents, WriteInfo } from '../events.ts'
import type { Call, Faults } from '../misbehave/faults.ts'
import type { Operation, Operations } from '../operations.ts'
import { keyOf, newEtag, type SecurityGroup } from '../resource.ts'
import type { Settings } from '../settings.ts'
import type { World } from '../world.ts'

/** What a write makes of a group; null `next` removes it. */
export interface GroupChange {
  readonly groupId: string
  readonly kind: string
  readonly next: SecurityGroup | null
}

/** What became of a write. */
export interface Committed {
  readonly operation: Operation
  readonly info: WriteInfo
  /** The group as the write is answered with, whatever has become of it since; undefined when it was removed. */
  readonly group: SecurityGroup | undefined
}

export interface Committer {
  /**
   * Commits a write of a caller: tells the listeners, keeps the change, starts its operation. `plan` runs twice,
   * before and after the listeners, since the world may change meanwhile; it throws what refuses the write.
   */
  commit(call: Call, plan: () => GroupChange): Promise<Committed>
  /** Commits a change that is in force at once and asks nobody: what a foreign actor did. */
  commitNow(change: GroupChange): void
  /** The group as the packets see it: a write is in force only when its operation has ended. */
  inForce(groupId: string): SecurityGroup | undefined
  /** What a write of one rule builds on: the group, or, where superseded writes are lost, what is in force. */
  baseOf(group: SecurityGroup): SecurityGroup
  /** Ends every operation as planned, at once. */
  settleAll(): void
}

export function createCommitter(parts: {
  readonly world: World
  readonly operations: Operations
  readonly faults: Faults
  readonly settings: Settings
  readonly events: WriteEvents
  readonly random: () => number
  readonly keep: () => Promise<void>
  /** Called when a group's rules came into force. */
  readonly cameIntoForce: (groupId: string) => void
}): Committer {
  const { world, operations, faults, settings } = parts
  /** Of groups with a write in progress: what is in force meanwhile, null when there was no such group. */
  const replaced = new Map<string, SecurityGroup | null>()

  const settle = (groupId: string, kept: boolean, provisioningState: string) => {
    const key = keyOf(groupId)
    const old = replaced.get(key)
    replaced.delete(key)
    const group = kept ? world.group(groupId) : old
    if (group === null) world.remove(groupId)
    if (group !== null && group !== undefined) {
      const etag = !kept || settings.etagChangesWhenDone ? newEtag() : group.etag
      world.put({ ...inState(group, provisioningState), etag: etag ?? newEtag() })
    }
    parts.cameIntoForce(groupId)
  }
  const start = (change: GroupChange, take: { ms: number; polls: number }, call: Call | null): Operation => {
    const key = keyOf(change.groupId)
    if (!replaced.has(key)) replaced.set(key, world.group(change.groupId) ?? null)
    if (change.next === null) world.remove(change.groupId)
    else world.put(change.next)
    const fail = call === null ? null : (faults.take('fail', call)?.end ?? null)
    return operations.start({
      groupId: change.groupId,
      kind: change.kind,
      ...take,
      fail,
      ended: (failed) => {
        settle(change.groupId, failed?.kept ?? true, failed === null || failed.kept ? 'Succeeded' : 'Failed')
      },
    })
  }
  const guardConcurrent = (groupId: string) => {
    const running = operations.inProgress(groupId)
    if (running !== undefined && settings.concurrentWrites !== 'supersede')
      throw concurrentWrite(settings.concurrentWrites, running)
  }

  return {
    async commit(call, plan) {
      const planned = plan()
      guardConcurrent(planned.groupId)
      await parts.events.tell('beforeWrite', writeInfo(planned, world.group(planned.groupId)))
      const change = plan()
      guardConcurrent(change.groupId)
      const before = world.group(change.groupId)
      const info = writeInfo(change, before)
      const slow = faults.take('slow', call)
      const ms = slow?.ms ?? draw(settings.operationMs, parts.random)
      const operation = start(change, { ms, polls: slow?.polls ?? settings.operationPolls }, call)
      const after = world.group(change.groupId)
      await parts.keep()
      await parts.events.tell('afterWrite', info)
      const early = settings.answersEarly && before !== undefined
      return { operation, info, group: early && after !== undefined ? inState(after, 'Succeeded') : after }
    },
    commitNow(change) {
      start(change, { ms: 0, polls: 0 }, null)
    },
    inForce(groupId) {
      const old = replaced.get(keyOf(groupId))
      return old === undefined ? world.group(groupId) : (old ?? undefined)
    },
    baseOf(group) {
      return settings.supersededWritesKept ? group : (replaced.get(keyOf(group.id)) ?? group)
    },
    settleAll: () => {
      operations.finishAll()
    },
  }
}

function inState(group: SecurityGroup, provisioningState: string): SecurityGroup {
  return { ...group, properties: { ...group.properties, provisioningState } }
}

function writeInfo(change: GroupChange, now: SecurityGroup | undefined): WriteInfo {
  const names = (group: SecurityGroup | null | undefined) =>
    (group?.properties.securityRules ?? []).map(({ name }) => name)
  const [old, next] = [new Set(names(now)), new Set(names(change.next))]
  return {
    method: change.next === null ? 'DELETE' : 'PUT',
    groupId: keyOf(change.groupId),
    ruleNamesAdded: [...next].filter((name) => !old.has(name)),
    ruleNamesRemoved: [...old].filter((name) => !next.has(name)),
  }
}

function concurrentWrite(answer: 'conflict' | 'retryable', running: Operation): ArmError {
  if (answer === 'conflict')
    return new ArmError(
      409,
      'AnotherOperationInProgress',
      `Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri: ${running.id}.`,
      { details: [] },
    )
  return new ArmError(429, 'RetryableError', 'A retryable error occurred.', {
    details: [
      {
        code: 'RetryableErrorDueToAnotherOperation',
        message: `Operation ${running.kind} (${running.id}) is updating resource ${running.groupId}. The call can be retried in 14 seconds.`,
      },
    ],
  })
}

function draw(ms: Settings['operationMs'], random: () => number): number {
  return typeof ms === 'number' ? ms : Math.round(ms.from + (ms.to - ms.from) * random())
}
