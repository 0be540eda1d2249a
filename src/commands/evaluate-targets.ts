import { scopesOf } from '../access/lockdown.ts'
import { actions } from '../access/role.ts'
import { lockdownsAt } from '../store/lockdowns.ts'
import type { Transaction } from '../store/store.ts'
import { findMachines, refusalOf, type Machine } from './find-machines.ts'
import { holdPolicies } from './held-policies.ts'
import { judgeTarget, type Ask, type Verdict } from './judge-target.ts'

/** What became of one ask, and the machine it was of. */
export interface Judgement extends Verdict {
  /** Null when there is no such machine. */
  readonly machine: Machine | null
}

/**
 * Evaluates every port of every ask; the answer is in their order. Policies are held, so that none is disabled before the
 * grants are written; with `none` nothing is, for what is only to be told.
 */
export async function evaluateTargets(
  tx: Transaction,
  asks: readonly Ask[],
  lock: 'share' | 'none' = 'share',
): Promise<readonly Judgement[]> {
  const vmIds = asks.map(({ target }) => target.vmId.toLowerCase())
  const machines = await findMachines(tx, vmIds)
  // Whoever may not ask holds up nobody who changes the policy.
  const permitted = vmIds.filter((id, index) => {
    const { viewer } = asks[index] as Ask
    return refusalOf(viewer, actions.requestAccess, machines.get(id), []) === null
  })
  const lockdowns = await lockdownsAt(tx, [...new Set(permitted.flatMap(scopesOf))])
  const held = await holdPolicies(tx, { vmIds: permitted }, lock)
  const policies = new Map(held.map((policy) => [policy.vmId, policy]))
  return asks.map((ask, index) => {
    const id = vmIds[index] as string
    const machine = machines.get(id)
    const over = scopesOf(id).flatMap((scope) => lockdowns.get(scope) ?? [])
    const verdict = judgeTarget(ask, machine, over, policies.get(id), ['targets', String(index)])
    return { ...verdict, machine: machine ?? null }
  })
}
