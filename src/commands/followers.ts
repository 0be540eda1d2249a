import { scopesOf } from '../access/lockdown.ts'
import type { Follower } from '../access/following.ts'
import { templateFor, type Coverable, type PolicyTemplate } from '../access/template.ts'
import { sql, type SQL } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import { templatesAt } from '../store/templates.ts'
import type { HeldPolicy } from './held-policies.ts'

/** A machine that templates may cover. */
export interface FollowingMachine extends Coverable, Omit<Follower, 'policy'>, Record<string, unknown> {
  readonly name: string
  readonly accountId: string
  readonly resourceGroupId: string
}

/** The same with its policy. */
export interface ReadFollower extends FollowingMachine {
  readonly policy: HeldPolicy | null
}

/** Reads machines that are not gone, as `which` selects them from `virtual_machines` v, by id. */
export async function readMachines(tx: Transaction, which: SQL): Promise<readonly FollowingMachine[]> {
  const { rows } = await tx.execute<FollowingMachine>(sql`
    select v.id, v.name, v.account_id as "accountId", v.resource_group_id as "resourceGroupId", v.os, v.tags,
      v.unsupported_reason as "unsupportedReason", exists (select from policies p
        where p.vm_id = v.id and p.disabled_at is not null and p.template_id is not null) as "leftOut"
    from virtual_machines v where v.gone_at is null and ${which}`)
  return rows
}

/** Machines with their policies. */
export function withPolicies(
  machines: readonly FollowingMachine[],
  held: readonly HeldPolicy[],
): readonly ReadFollower[] {
  const policies = new Map(held.map((policy) => [policy.vmId, policy]))
  return machines.map((machine) => ({ ...machine, policy: policies.get(machine.id) ?? null }))
}

/** The templates that may cover any of these machines. */
export function templatesOver(tx: Transaction, vmIds: readonly string[]): Promise<readonly PolicyTemplate[]> {
  return templatesAt(tx, [...new Set(vmIds.flatMap(scopesOf))])
}

/** The templates that cover machines, by machine. */
export async function templatesCovering(
  tx: Transaction,
  vmIds: readonly string[],
): Promise<ReadonlyMap<string, PolicyTemplate>> {
  const templates = await templatesOver(tx, vmIds)
  if (templates.length === 0) return new Map()
  const machines = await readMachines(tx, sql`v.id = any(${sql.param(vmIds)}::text[])`)
  return new Map(
    machines.flatMap((machine) => {
      const template = templateFor(machine, templates)
      return template === null ? [] : [[machine.id, template] as const]
    }),
  )
}

/** Lets templates cover machines again that were left out of them. */
export async function takeBackIn(tx: Transaction, vmIds: readonly string[]): Promise<void> {
  await tx.execute(sql`update policies set template_id = null
    where vm_id = any(${sql.param(vmIds)}::text[]) and disabled_at is not null and template_id is not null`)
}
