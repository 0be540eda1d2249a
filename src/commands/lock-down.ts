import { randomUUIDv7 } from 'node:crypto'
import { longestReason } from '../access/lockdown.ts'
import { actions } from '../access/role.ts'
import { accountOf, accountScope, parseScope, resourceGroupOf } from '../access/scope.ts'
import type { UserError } from '../access/user-error.ts'
import { may, type Viewer } from '../access/viewer.ts'
import { appendFacts } from '../store/append-facts.ts'
import { endGrants } from '../store/end-grants.ts'
import { shutGate } from '../store/lockdowns.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import type { CommandContext } from './command.ts'

/** The answer of a lockdown: the one in force, and the grants that this call ended. */
export interface LockDownOutcome {
  readonly id: string | null
  readonly grantsEnded: number
  readonly userErrors: readonly UserError[]
}

/**
 * Locks a scope down: ends every grant in it that is not over, at once, and lets none be made until it is lifted. Where
 * a lockdown is in force already it stays as it began, and ends what was opened past it.
 */
export async function lockDown(
  { store, viewer }: CommandContext,
  input: { readonly scope: string; readonly reason: string },
): Promise<LockDownOutcome> {
  const scope = parseScope(input.scope)
  const reason = input.reason.trim()
  const invalid = inputErrors(scope, reason)
  if (scope === null || invalid.length > 0) return refused(...invalid)
  if (!may(viewer, actions.lockDown, scope))
    return refused({
      code: 'NOT_PERMITTED',
      field: ['scope'],
      action: actions.lockDown,
      message: 'You may not lock this scope down.',
    })
  return store.db.transaction(async (tx) => {
    await shutGate(tx, scope)
    if (!(await isKnown(tx, scope)))
      return refused({ code: 'NOT_FOUND', field: ['scope'], message: 'No account or virtual machine is known there.' })
    const id = (await begin(tx, viewer, scope, reason)) ?? (await inForce(tx, scope))
    const ended = await endGrants(tx, { scope }, 'LOCKED_DOWN', viewer.actor)
    if (ended.length > 0)
      await tx.execute(sql`
        update lockdowns set grants_ended = grants_ended + ${ended.length} where id = ${id}::uuid`)
    return { id, grantsEnded: ended.length, userErrors: [] }
  })
}

const refused = (...userErrors: readonly UserError[]): LockDownOutcome => ({ id: null, grantsEnded: 0, userErrors })

function inputErrors(scope: string | null, reason: string): UserError[] {
  const errors: UserError[] = []
  if (scope === null)
    errors.push({
      code: 'INVALID_INPUT',
      field: ['scope'],
      message: 'A scope is `/`, or the path of a subscription, a resource group or a virtual machine.',
    })
  if (reason === '') errors.push({ code: 'INVALID_INPUT', field: ['reason'], message: 'Say why.' })
  const limit = longestReason
  if (reason.length > limit)
    errors.push({
      code: 'LIMIT_EXCEEDED',
      field: ['reason'],
      limit,
      message: `A reason has at most ${limit} characters.`,
    })
  return errors
}

/** A scope that is misspelt must not pass for one that is safe now. */
async function isKnown(tx: Transaction, scope: string): Promise<boolean> {
  if (scope === '/') return true
  const account = accountOf(scope)
  const whole = account !== null && scope === accountScope(account) ? account : null
  const { rows } = await tx.execute<{ known: boolean }>(sql`select
    exists (select 1 from accounts where id = ${whole})
    or exists (select 1 from virtual_machines where resource_group_id = ${scope})
    or exists (select 1 from virtual_machines where id = ${scope}) as known`)
  return rows[0]?.known === true
}

/** Begins a lockdown and says so; null when one is in force. */
async function begin(tx: Transaction, { actor }: Viewer, scope: string, reason: string): Promise<string | null> {
  const place = placeOf(scope)
  const { rows } = await tx.execute<{ id: string }>(sql`
    insert into lockdowns (id, scope, account_id, resource_group_id, vm_id, reason, began_at, began_by_kind, began_by_id,
      began_by_name)
    values (${randomUUIDv7()}, ${scope}, ${place.accountId}, ${place.resourceGroupId}, ${place.vmId}, ${reason},
      gateway_now(), ${actor.kind}, ${actor.id}, ${actor.name})
    on conflict (scope) where lifted_at is null do nothing returning id`)
  const id = rows[0]?.id ?? null
  if (id !== null) await appendFacts(tx, [{ kind: 'LockdownBegan', actor, ...place, detail: { scope, reason } }])
  return id
}

async function inForce(tx: Transaction, scope: string): Promise<string | null> {
  const { rows } = await tx.execute<{ id: string }>(
    sql`select id from lockdowns where scope = ${scope} and lifted_at is null`,
  )
  return rows[0]?.id ?? null
}

/** Where a scope lies, in the columns that say so. */
export function placeOf(scope: string) {
  const resourceGroupId = resourceGroupOf(scope)
  const vmId = resourceGroupId === null || scope === resourceGroupId ? null : scope
  return { accountId: accountOf(scope), resourceGroupId, vmId }
}
