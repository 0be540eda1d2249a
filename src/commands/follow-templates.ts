import { followingOf, type Following } from '../access/following.ts'
import { templateFor, type PolicyTemplate } from '../access/template.ts'
import { gatewayActor } from '../access/words.ts'
import { sql } from '../store/sql.ts'
import type { Store, Transaction } from '../store/store.ts'
import { takeTemplatesDue } from '../store/templates.ts'
import { readMachines, templatesOver, withPolicies, type ReadFollower } from './followers.ts'
import { holdPolicies } from './held-policies.ts'
import type { NewPolicy } from './policy-rows.ts'
import { writePolicies, type ChangedPolicy, type DisabledPolicy, type PolicyWrites } from './write-policies.ts'

/**
 * Brings the policies of up to `limit` machines that were noted up to the templates that cover them: makes those that are
 * missing, changes what they do not override, and lets go of those that no template covers. Answers how many notes were
 * taken. Several may run at once: each takes others.
 */
export function followTemplates(store: Store, limit: number): Promise<number> {
  return store.db.transaction(async (tx) => {
    const { vmIds, taken } = await takeTemplatesDue(tx, limit)
    const templates = await templatesOver(tx, vmIds)
    if (templates.length === 0 && !(await anyFollows(tx, vmIds))) return taken
    const held = await holdPolicies(tx, { vmIds }, 'update')
    // Tags and the like only now: they may have changed while the policies were waited for.
    const machines = await readMachines(tx, sql`v.id = any(${sql.param(vmIds)}::text[])`)
    const writes = writesOf(
      withPolicies(machines, held).map((follower) => {
        const template = templateFor(follower, templates)
        return { follower, template, following: followingOf(follower, template) }
      }),
    )
    await writePolicies(tx, gatewayActor, writes)
    return taken
  })
}

/** What is to be done at a machine, for which template; null for there being none any more. */
export interface Decided {
  readonly follower: ReadFollower
  readonly template: PolicyTemplate | null
  readonly following: Following
}

/** What is to be written for what was decided. */
export function writesOf(decided: readonly Decided[]): Required<PolicyWrites> {
  const created: NewPolicy[] = []
  const changed: ChangedPolicy[] = []
  const disabled: DisabledPolicy[] = []
  for (const { follower, template, following } of decided) {
    const { policy } = follower
    if (following.kind === 'CREATE')
      created.push({ machine: follower, terms: following.terms, template, overrides: [] })
    if (policy === null) continue
    if (following.kind === 'CHANGE' || following.kind === 'ADOPT')
      changed.push({ policy, terms: following.terms, template, overrides: following.overrides })
    if (following.kind === 'RELEASE') changed.push({ policy, terms: policy, template: null, overrides: [] })
    if (following.kind === 'DISABLE') disabled.push({ policy, leftOutOf: null })
  }
  return { created, changed, disabled }
}

async function anyFollows(tx: Transaction, vmIds: readonly string[]): Promise<boolean> {
  const { rows } = await tx.execute<{ any: boolean }>(sql`
    select exists (select from policies where vm_id = any(${sql.param(vmIds)}::text[])
      and disabled_at is null and template_id is not null) as "any"`)
  return rows[0]?.any === true
}
