import type { Clock } from '../../time/clock.ts'
import type { ErrorDetail } from './answer.ts'
import type { FailedEnd } from './misbehave/faults.ts'
import { keyOf } from './resource.ts'

/** A long-running write, as its poller sees it. */
export interface Operation {
  readonly id: string
  readonly resourceId: string
  /** Azure's name of it, such as `PutSecurityRuleOperation`. */
  readonly kind: string
  status: 'InProgress' | 'Succeeded' | 'Failed' | 'Canceled'
  error: { readonly code: string; readonly message: string; readonly details?: readonly ErrorDetail[] } | null
}

export interface Operations {
  get(id: string): Operation | undefined
  /** The write of a resource that has not ended. */
  inProgress(resourceId: string): Operation | undefined
  /**
   * Starts one, and cancels the resource's write in progress in Azure's words. It ends when `ms` have passed and `polls`
   * polls have seen it in progress, at once when both are none; `ended` then runs, unless it was superseded before.
   */
  start(plan: {
    readonly resourceId: string
    readonly kind: string
    readonly ms: number
    readonly polls: number
    readonly fail: FailedEnd | null
    readonly ended: (fail: FailedEnd | null) => void
  }): Operation
  /** Counts a poll and answers what it sees. */
  poll(id: string): Operation | undefined
  /** Ends every write in progress as planned, at once. */
  finishAll(): void
}

/** How many ended operations are remembered. */
const MOST_REMEMBERED = 5_000

export function createOperations(clock: Clock): Operations {
  interface Running {
    pollsLeft: number
    timePassed: boolean
    readonly cancelTimer: () => void
    readonly finish: () => void
  }
  const operations = new Map<string, Operation>()
  const running = new Map<string, Running>()
  const byResource = new Map<string, Operation>()

  const end = (operation: Operation, status: Operation['status'], error: Operation['error']) => {
    operation.status = status
    operation.error = error
    running.get(operation.id)?.cancelTimer()
    running.delete(operation.id)
    byResource.delete(keyOf(operation.resourceId))
  }
  const finishIfDue = (id: string) => {
    const state = running.get(id)
    if (state !== undefined && state.timePassed && state.pollsLeft <= 0) state.finish()
  }

  const supersede = (by: Operation) => {
    const operation = byResource.get(keyOf(by.resourceId))
    if (operation === undefined) return
    const message = `Operation ${operation.kind} (${operation.id}) was canceled and superseded by operation ${by.kind} (${by.id}).`
    end(operation, 'Canceled', {
      code: 'Canceled',
      message: 'Operation was canceled.',
      details: [{ code: 'CanceledAndSupersededDueToAnotherOperation', message }],
    })
  }

  return {
    get: (id) => operations.get(id),
    inProgress: (resourceId) => byResource.get(keyOf(resourceId)),
    start({ resourceId, kind, ms, polls, fail, ended }) {
      const operation: Operation = { id: crypto.randomUUID(), resourceId, kind, status: 'InProgress', error: null }
      operations.set(operation.id, operation)
      for (const [id, old] of operations) {
        if (operations.size <= MOST_REMEMBERED || old.status === 'InProgress') break
        operations.delete(id)
      }
      supersede(operation)
      byResource.set(keyOf(resourceId), operation)
      const timeUp = () => {
        const state = running.get(operation.id)
        if (state !== undefined) state.timePassed = true
        finishIfDue(operation.id)
      }
      const finish = () => {
        end(operation, fail?.status ?? 'Succeeded', fail === null ? null : { code: fail.code, message: fail.message })
        ended(fail)
      }
      const cancelTimer = ms > 0 ? clock.after(ms, timeUp) : () => {}
      running.set(operation.id, { pollsLeft: polls, timePassed: ms <= 0, cancelTimer, finish })
      finishIfDue(operation.id)
      return operation
    },
    poll(id) {
      const state = running.get(id)
      if (state !== undefined && state.pollsLeft > 0) state.pollsLeft -= 1
      else finishIfDue(id)
      return operations.get(id)
    },
    finishAll() {
      for (const state of running.values()) state.finish()
    },
  }
}
