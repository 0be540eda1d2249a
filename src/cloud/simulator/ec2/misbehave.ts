import { createFaults, type Call, type Faults } from '../misbehave/faults.ts'
import type { Ec2Call } from './call.ts'
import { Ec2Fault } from './fault.ts'
import { limitExceeded } from './throttle.ts'

/** Where and how often EC2 misbehaves; everywhere and until it is lifted when left out. */
export interface Ec2Scope {
  readonly accountId?: string
  readonly region?: string
  /** Such as `RevokeSecurityGroupIngress`, or the beginning of several: `Describe`. */
  readonly action?: string
  /** How many calls it strikes before it lifts itself. */
  readonly times?: number
}

type Lift = () => void

/** Makes the simulated EC2 misbehave from now on. The answer of each lifts it. */
export interface Ec2Misbehave {
  /** Answers nothing until the caller gives up. */
  hang(scope?: Ec2Scope): Lift
  /** Holds answers back for longer than `settings.latencyMs`. */
  delay(ms: number, scope?: Ec2Scope): Lift
  /** Cuts the connection instead of answering: before anything was done, or after it was done and kept. */
  loseAnswer(when: 'beforeCommit' | 'afterCommit', scope?: Ec2Scope): Lift
  /** Answers `RequestLimitExceeded`. */
  throttle(scope?: Ec2Scope): Lift
  /** Answers that the caller lacks the permission of the action. */
  forbid(scope?: Ec2Scope): Lift
  /** Answers any error at all. */
  refuse(status: number, code: string, message: string, scope?: Ec2Scope): Lift
  /** Lifts everything. */
  stop(): void
}

export function createMisbehave(faults: Faults): Ec2Misbehave {
  const scoped = ({ accountId = '[^/]*', region = '[^/]*', action = '', times }: Ec2Scope = {}) => ({
    path: new RegExp(`^/${accountId}/${region}/${action}`, 'i'),
    ...(times === undefined ? {} : { times }),
  })
  return {
    hang: (scope) => faults.set({ fault: 'hang' }, scoped(scope)),
    delay: (ms, scope) => faults.set({ fault: 'latency', ms }, scoped(scope)),
    loseAnswer: (when, scope) => faults.set({ fault: 'loseAnswer', when }, scoped(scope)),
    throttle: (scope) => faults.set({ fault: 'throttle', flavour: 'arm', retryAfterSeconds: null }, scoped(scope)),
    forbid: (scope) => faults.set({ fault: 'forbid', code: 'AuthorizationFailed' }, scoped(scope)),
    refuse: (status, code, message, scope) =>
      faults.set({ fault: 'refuse', status, code, message, retryAfterSeconds: null }, scoped(scope)),
    stop: () => {
      faults.clear()
    },
  }
}

/** What faults look at. */
export function faultCall({ accountId, region, action }: Ec2Call): Call {
  return { method: 'POST', path: `/${accountId}/${region}/${action}`.toLowerCase() }
}

/** Throws what stands in the way of a call before it is looked at. */
export function refuseByFault(faults: ReturnType<typeof createFaults>, call: Ec2Call): void {
  const at = faultCall(call)
  if (faults.take('throttle', at) !== undefined) throw limitExceeded()
  if (faults.take('forbid', at) !== undefined)
    throw new Ec2Fault(
      'UnauthorizedOperation',
      `You are not authorized to perform this operation. User: arn:aws:sts::${call.accountId}:assumed-role/JitGateway/jit-gateway is not authorized to perform: ec2:${call.action} because no identity-based policy allows the ec2:${call.action} action.`,
      403,
    )
  const refusal = faults.take('refuse', at)
  if (refusal !== undefined) throw new Ec2Fault(refusal.code, refusal.message, refusal.status)
}
