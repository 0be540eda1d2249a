import { ArmError } from './answer.ts'
import type { WriteEvents, WriteInfo } from './events.ts'
import type { Call, Faults } from './misbehave/faults.ts'
import type { Operation, Operations } from './operations.ts'
import { firewallType, keyOf, newEtag, type AzureFirewall, type SecurityGroup, type Writable } from './resource.ts'
import type { Settings } from './settings.ts'
import type { World } from './world.ts'

/** What a write makes of a resource; null `next` removes it. */
export interface Change<Kind extends Writable = Writable> {
  readonly resourceId: string
  /** Azure's name of the operation. */
  readonly operation: string
  readonly next: Kind | null
}

/** What became of a write. */
export interface Committed<Kind extends Writable = Writable> {
  readonly operation: Operation
  readonly info: WriteInfo
  /** The resource as the write is answered with, whatever has become of it since; undefined when it was removed. */
  readonly resource: Kind | undefined
}

export interface Committer {
  /**
   * Commits a write of a caller: tells the listeners, keeps the change, starts its operation. `plan` runs twice,
   * before and after the listeners, since the world may change meanwhile; it throws what refuses the write.
   */
  commit<Kind extends Writable>(call: Call, plan: () => Change<Kind>): Promise<Committed<Kind>>
  /** Commits a change that is in force at once and asks nobody: what a foreign actor did. */
  commitNow(change: Change): void
  /** The group as the packets see it: a write is in force only when its operation has ended. */
  inForce(groupId: string): SecurityGroup | undefined
  /** The same of a firewall. */
  firewallInForce(firewallId: string): AzureFirewall | undefined
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
  /** Called when the rules of a resource came into force. */
  readonly cameIntoForce: (resourceId: string) => void
}): Committer {
  const { world, operations, faults, settings } = parts
  /** Of resources with a write in progress: what is in force meanwhile, null when there was no such resource. */
  const replaced = new Map<string, Writable | null>()
  const find = (id: string) => world.get(id) as Writable | undefined

  const settle = (id: string, kept: boolean, provisioningState: string) => {
    const key = keyOf(id)
    const old = replaced.get(key)
    replaced.delete(key)
    const resource = kept ? find(id) : old
    if (resource === null) world.remove(id)
    if (resource !== null && resource !== undefined) {
      const etag = !kept || settings.etagChangesWhenDone ? newEtag() : resource.etag
      world.put({ ...inState(resource, provisioningState), etag: etag ?? newEtag() })
    }
    parts.cameIntoForce(id)
  }
  const start = (change: Change, take: { ms: number; polls: number }, call: Call | null): Operation => {
    const { resourceId } = change
    const key = keyOf(resourceId)
    if (!replaced.has(key)) replaced.set(key, find(resourceId) ?? null)
    if (change.next === null) world.remove(resourceId)
    else world.put(change.next)
    const fail = call === null ? null : (faults.take('fail', call)?.end ?? null)
    return operations.start({
      resourceId,
      kind: change.operation,
      ...take,
      fail,
      ended: (failed) => {
        settle(resourceId, failed?.kept ?? true, failed === null || failed.kept ? 'Succeeded' : 'Failed')
      },
    })
  }
  const guardConcurrent = ({ resourceId, next }: Change) => {
    const running = operations.inProgress(resourceId)
    if (running === undefined) return
    // A firewall takes no write before the last one has ended.
    const firewall = next?.type === firewallType && settings.concurrentWrites === 'supersede'
    const answer = firewall ? 'conflict' : settings.concurrentWrites
    if (answer !== 'supersede') throw concurrentWrite(answer, running)
  }
  const inForce = (id: string) => {
    const old = replaced.get(keyOf(id))
    return old === undefined ? find(id) : (old ?? undefined)
  }

  return {
    async commit<Kind extends Writable>(call: Call, plan: () => Change<Kind>) {
      const planned = plan()
      guardConcurrent(planned)
      await parts.events.tell('beforeWrite', writeInfo(planned, find(planned.resourceId)))
      const change = plan()
      guardConcurrent(change)
      const before = find(change.resourceId)
      const info = writeInfo(change, before)
      const slow = faults.take('slow', call)
      const usual = change.next?.type === firewallType ? settings.firewallOperationMs : settings.operationMs
      const ms = slow?.ms ?? draw(usual, parts.random)
      const operation = start(change, { ms, polls: slow?.polls ?? settings.operationPolls }, call)
      const after = world.get(change.resourceId) as Kind | undefined
      await parts.keep()
      await parts.events.tell('afterWrite', info)
      const early = settings.answersEarly && before !== undefined
      return { operation, info, resource: early && after !== undefined ? inState(after, 'Succeeded') : after }
    },
    commitNow(change) {
      start(change, { ms: 0, polls: 0 }, null)
    },
    inForce: (id) => inForce(id) as SecurityGroup | undefined,
    firewallInForce: (id) => inForce(id) as AzureFirewall | undefined,
    baseOf(group) {
      return settings.supersededWritesKept ? group : ((replaced.get(keyOf(group.id)) as SecurityGroup | null) ?? group)
    },
    settleAll: () => {
      operations.finishAll()
    },
  }
}

function inState<Kind extends Writable>(resource: Kind, provisioningState: string): Kind {
  return { ...resource, properties: { ...resource.properties, provisioningState } }
}

/** Names of the rules that a resource holds; a firewall's NAT rules are all that is told of. */
function ruleNamesOf(resource: Writable | null | undefined): string[] {
  if (resource === null || resource === undefined) return []
  const { properties } = resource
  const rules =
    'natRuleCollections' in properties
      ? (properties as AzureFirewall['properties']).natRuleCollections.flatMap((each) => each.properties.rules)
      : (properties as SecurityGroup['properties']).securityRules
  return rules.map(({ name }) => name)
}

function writeInfo(change: Change, now: Writable | undefined): WriteInfo {
  const [old, next] = [new Set(ruleNamesOf(now)), new Set(ruleNamesOf(change.next))]
  return {
    method: change.next === null ? 'DELETE' : 'PUT',
    resourceId: keyOf(change.resourceId),
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
        message: `Operation ${running.kind} (${running.id}) is updating resource ${running.resourceId}. The call can be retried in 14 seconds.`,
      },
    ],
  })
}

function draw(ms: Settings['operationMs'], random: () => number): number {
  return typeof ms === 'number' ? ms : Math.round(ms.from + (ms.to - ms.from) * random())
}
