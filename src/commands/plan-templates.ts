import { followingKinds, followingOf, type FollowingKind, type FollowingPolicy } from '../access/following.ts'
import { scopesOf } from '../access/lockdown.ts'
import { templateFor, type PolicyTemplate } from '../access/template.ts'
import type { TemplateChange } from '../access/template-set.ts'
import { atScope } from '../store/at-scope.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import { templatesAt, templatesBelow } from '../store/templates.ts'
import { readMachines, withPolicies } from './followers.ts'
import { writesOf, type Decided } from './follow-templates.ts'
import { holdPolicies } from './held-policies.ts'
import { bareGrants, portsAfter } from './write-policies.ts'

/** What a set of templates comes to at the machines of its scope, as things stand. */
export interface TemplatePlan {
  /** How many machines, by what is to be done there. */
  readonly counts: Readonly<Record<FollowingKind, number>>
  /** Grants that end because their ports are protected no longer. */
  readonly grantsEnded: number
  /** The first of the machines at which something is written, by id: at most `mostPlanned`. */
  readonly machines: readonly PlannedMachine[]
}

/** What is to be done at one machine, and for which template. */
export interface PlannedMachine {
  readonly vmId: string
  readonly kind: FollowingKind
  /** Its name; null when none covers the machine any more. */
  readonly template: string | null
}

/** Most machines that a plan names. */
export const mostPlanned = 100

/** Machines that are read at once: nobody else waits long for what is decided of them. */
const PAGE = 500

/** Plans what comes of `changes` to the templates of `scope`: each machine is decided on as when it is brought up to it. */
export async function planTemplates(
  tx: Transaction,
  scope: string,
  changes: readonly TemplateChange[],
): Promise<TemplatePlan> {
  const stated = changes.flatMap(({ before, after }): PolicyTemplate[] =>
    after === null ? [] : [{ id: before?.id ?? '', version: before?.version ?? 1, scope, ...after }],
  )
  const above = await templatesAt(tx, scopesAbove(scope))
  const templates = [...above, ...stated, ...(await templatesBelow(tx, scope))]
  const counts = Object.fromEntries(followingKinds.map((kind) => [kind, 0])) as Record<FollowingKind, number>
  const machines: PlannedMachine[] = []
  let grantsEnded = 0
  for await (const page of machinesOf(tx, scope)) {
    const decided = page.map((follower): Decided => {
      const template = templateFor(follower, templates)
      const policy = follower.policy === null ? null : asStated(follower.policy, stated)
      return { follower, template, following: followingOf({ ...follower, policy }, template) }
    })
    for (const { follower, template, following } of decided) {
      counts[following.kind]++
      if (writing.has(following.kind) && machines.length < mostPlanned)
        machines.push({ vmId: follower.id, kind: following.kind, template: template?.name ?? null })
    }
    grantsEnded += (await bareGrants(tx, portsAfter(writesOf(decided)))).length
  }
  return { counts, grantsEnded, machines }
}

const writing: ReadonlySet<FollowingKind> = new Set(['CREATE', 'CHANGE', 'ADOPT', 'RELEASE', 'DISABLE'] as const)

/** A policy as if its template had been stated already: what becomes of it when it is left, says the statement. */
function asStated(policy: FollowingPolicy, stated: readonly PolicyTemplate[]): FollowingPolicy {
  const { follows } = policy
  const template = stated.find(({ id }) => id === follows?.template.id)
  return follows === null || template === undefined ? policy : { ...policy, follows: { ...follows, template } }
}

/** The machines of a scope with their policies, in pages. */
async function* machinesOf(tx: Transaction, scope: string) {
  let after = ''
  for (;;) {
    const machines = await readMachines(
      tx,
      sql`${atScope(scope, sql`v.id`)} and v.id > ${after} order by v.id limit ${PAGE}`,
    )
    yield withPolicies(machines, await holdPolicies(tx, { vmIds: machines.map(({ id }) => id) }, 'none'))
    const last = machines.at(-1)
    if (last === undefined || machines.length < PAGE) return
    after = last.id
  }
}

/** The scopes that one lies in, without itself. */
const scopesAbove = (scope: string) => scopesOf(scope).filter((one) => one !== scope)
