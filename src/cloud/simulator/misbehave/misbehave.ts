import type { Faults, FailedEnd, Scope } from './faults.ts'

/** Lifts what was set. */
export type Lift = () => void

/** Makes the simulated cloud misbehave from now on: everywhere and until lifted, unless the scope says otherwise. */
export interface Misbehave {
  /** Answers nothing until the caller gives up. */
  hang(scope?: Scope): Lift
  /** Holds answers back for longer than `settings.latencyMs`. */
  delay(ms: number, scope?: Scope): Lift
  /** Cuts the connection instead of answering: before anything was done, or after it was done and kept. */
  loseAnswer(when: 'beforeCommit' | 'afterCommit', scope?: Scope): Lift
  /** Answers 429 for a quota, in ARM's or Microsoft.Network's words; `retryAfterSeconds` null sends no such header. */
  throttle(flavour: 'arm' | 'network', retryAfterSeconds: number | null, scope?: Scope): Lift
  /** Answers any error at all, such as 500 or 503. */
  refuse(
    status: number,
    error?: { readonly code?: string; readonly message?: string; readonly retryAfterSeconds?: number },
    scope?: Scope,
  ): Lift
  /** A lock on the scope: `ReadOnly` stops every write, `CanNotDelete` stops DELETE only. */
  lock(level: 'ReadOnly' | 'CanNotDelete', scope?: Scope): Lift
  /** Answers 403: the caller lacks a permission, or (to PUT only) the organisation's policy forbids it. */
  forbid(code: 'AuthorizationFailed' | 'RequestDisallowedByPolicy', scope?: Scope): Lift
  /** Operations take this many milliseconds by the clock and answer `InProgress` to at least `polls` polls. */
  slowOperation(take: { readonly ms?: number; readonly polls?: number }, scope?: Scope): Lift
  /** Operations end badly after having been accepted. */
  failOperation(end?: Partial<FailedEnd>, scope?: Scope): Lift
  /** Lifts everything. */
  stop(): void
}

export function createMisbehave(faults: Faults): Misbehave {
  return {
    hang: (scope) => faults.set({ fault: 'hang' }, scope),
    delay: (ms, scope) => faults.set({ fault: 'latency', ms }, scope),
    loseAnswer: (when, scope) => faults.set({ fault: 'loseAnswer', when }, scope),
    throttle: (flavour, retryAfterSeconds, scope) =>
      faults.set({ fault: 'throttle', flavour, retryAfterSeconds }, scope),
    refuse(status, error = {}, scope) {
      const { code = 'InternalServerError', message = 'An error occurred.', retryAfterSeconds = null } = error
      return faults.set({ fault: 'refuse', status, code, message, retryAfterSeconds }, scope)
    },
    lock: (level, scope) =>
      faults.set({ fault: 'lock', level }, level === 'CanNotDelete' ? { ...scope, method: 'DELETE' } : scope),
    forbid: (code, scope) =>
      faults.set({ fault: 'forbid', code }, code === 'RequestDisallowedByPolicy' ? { ...scope, method: 'PUT' } : scope),
    slowOperation: ({ ms = 0, polls = 0 }, scope) => faults.set({ fault: 'slow', ms, polls }, scope),
    failOperation(end = {}, scope) {
      const { status = 'Failed', kept = false } = end
      const code = end.code ?? (status === 'Failed' ? 'InternalServerError' : 'Canceled')
      const message = end.message ?? (status === 'Failed' ? 'An error occurred.' : 'Operation was canceled.')
      return faults.set({ fault: 'fail', end: { status, code, message, kept } }, scope)
    },
    stop: () => {
      faults.clear()
    },
  }
}
