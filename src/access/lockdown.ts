import { accountOf, accountScope, resourceGroupOf } from './scope.ts'
import type { LockedDown } from './user-error.ts'

/** Longest reason of a lockdown, in characters. */
export const longestReason = 1_000

/** A lockdown in force: no grant is live at its scope or below, and none may be asked for. */
export interface Lockdown {
  readonly scope: string
  readonly reason: string
  /** ISO 8601. */
  readonly since: string
}

/** What is said to whoever asks for access to `name` while it is locked down. */
export function lockedDown(name: string, lockdown: Lockdown, field: readonly string[]): LockedDown {
  const { scope, since, reason } = lockdown
  const where = scope === '/' ? 'Everything' : scope
  return {
    code: 'LOCKED_DOWN',
    field,
    scope,
    since,
    reason,
    message: `No access to ${name} can be asked for: ${where} is locked down since ${since}: ${reason}`,
  }
}

/** The scopes a virtual machine lies in, the widest first: a lockdown of any of them is one of the machine. */
export function scopesOf(vmId: string): readonly string[] {
  const account = accountOf(vmId)
  const group = resourceGroupOf(vmId)
  return ['/', ...(account === null ? [] : [accountScope(account)]), ...(group === null ? [] : [group]), vmId]
}
