import { createHash, randomUUIDv7 } from 'node:crypto'
import { actions } from '../access/role.ts'
import { parseScope } from '../access/scope.ts'
import type { PolicyTemplate } from '../access/template.ts'
import { changesOf, readTemplates, type TemplateChange, type TemplateInput } from '../access/template-set.ts'
import type { UserError } from '../access/user-error.ts'
import { may, type Viewer } from '../access/viewer.ts'
import { appendFacts, type NewFact } from '../store/append-facts.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import { holdTemplates, markScopeDue, templatesAt } from '../store/templates.ts'
import type { CommandContext } from './command.ts'
import { placeOf } from './lock-down.ts'
import { planTemplates, type TemplatePlan } from './plan-templates.ts'

/** All templates that a scope is to have. */
export interface TemplateSetInput {
  readonly scope: string
  readonly templates: readonly TemplateInput[]
  /** The revision that the templates of the scope must still be at; null: whatever it is. */
  readonly ifRevision?: string | null
}

/** What a set of templates changes, and what comes of it; `plan` is null when it was refused. */
export interface TemplateSetOutcome {
  readonly applied: boolean
  /** What the templates of the scope were told apart by before; null when it was refused. */
  readonly revision: string | null
  readonly changes: readonly (TemplateChange & { readonly templateId: string | null })[]
  readonly plan: TemplatePlan | null
  readonly userErrors: readonly UserError[]
}

/** Says what stating the templates of a scope would come to; writes nothing, and holds nothing. */
export function previewPolicyTemplates(context: CommandContext, input: TemplateSetInput): Promise<TemplateSetOutcome> {
  return planned(context, input, null)
}

/**
 * States the templates of a scope: those that are not named are removed. The policies of its machines are brought up to
 * them from then on, and those of machines that are found later.
 */
export function setPolicyTemplates(context: CommandContext, input: TemplateSetInput): Promise<TemplateSetOutcome> {
  return planned(context, input, async (tx, scope, changes) => {
    const ids = changes.map(({ before }) => before?.id ?? randomUUIDv7())
    await write(tx, context.viewer, scope, changes, ids)
    await markScopeDue(tx, scope)
    return ids
  })
}

/** Writes what was planned; answers the ids of the templates, in the order of the changes. */
type Carry = (tx: Transaction, scope: string, changes: readonly TemplateChange[]) => Promise<readonly string[]>

async function planned(
  { store, viewer }: CommandContext,
  input: TemplateSetInput,
  carry: Carry | null,
): Promise<TemplateSetOutcome> {
  const scope = parseScope(input.scope)
  const { templates, userErrors } = readTemplates(input.templates)
  if (scope === null || userErrors.length > 0) return refused(...(scope === null ? [noScope] : []), ...userErrors)
  if (!may(viewer, actions.writePolicy, scope)) return refused(notPermitted)
  return store.db.transaction(
    async (tx) => {
      if (carry !== null) await holdTemplates(tx, scope)
      const current = await templatesAt(tx, [scope])
      const revision = revisionOf(current)
      if (input.ifRevision && input.ifRevision !== revision) return refused(changedMeanwhile)
      const changes = changesOf(current, templates)
      const plan = await planTemplates(tx, scope, changes)
      const ids = carry === null ? changes.map(({ before }) => before?.id) : await carry(tx, scope, changes)
      const withIds = changes.map((change, place) => ({ ...change, templateId: ids[place] ?? null }))
      return { applied: carry !== null, revision, changes: withIds, plan, userErrors: [] }
    },
    carry === null ? { accessMode: 'read only' } : {},
  )
}

const refused = (...userErrors: readonly UserError[]): TemplateSetOutcome => ({
  applied: false,
  revision: null,
  changes: [],
  plan: null,
  userErrors,
})

const noScope: UserError = {
  code: 'INVALID_INPUT',
  field: ['scope'],
  message: 'A scope is `/`, or the path of a subscription, a resource group or a virtual machine.',
}
const notPermitted: UserError = {
  code: 'NOT_PERMITTED',
  field: ['scope'],
  action: actions.writePolicy,
  message: 'You may not state the templates of this scope.',
}
const changedMeanwhile: UserError = {
  code: 'CONFLICT',
  field: ['ifRevision'],
  message: 'The templates of this scope were changed since: look at what it comes to now.',
}

/** Tells one state of the templates of a scope from every other. */
function revisionOf(templates: readonly PolicyTemplate[]): string {
  const states = templates.map(({ id, version }) => `${id}:${version}`).toSorted()
  return createHash('sha256').update(states.join(' ')).digest('base64url').slice(0, 22)
}

async function write(
  tx: Transaction,
  { actor }: Viewer,
  scope: string,
  changes: readonly TemplateChange[],
  ids: readonly string[],
): Promise<void> {
  const rows = changes.flatMap(({ change, before, after }, index) => {
    const version = change === 'CHANGE' ? (before?.version ?? 0) + 1 : (before?.version ?? 1)
    const { name, tags, terms, whenLeft } = (after ?? before) as PolicyTemplate
    return change === 'KEEP' ? [] : [{ id: ids[index], change, name, scope, tags, terms, whenLeft, version }]
  })
  const place = placeOf(scope)
  await tx.execute(sql`
    insert into policy_templates as p (id, scope, account_id, resource_group_id, vm_id, name, tags, terms, when_left,
      version, created_at, updated_at, updated_by_kind, updated_by_id, updated_by_name, removed_at)
    select t.id, ${scope}, ${place.accountId}, ${place.resourceGroupId}, ${place.vmId}, t.name, t.tags, t.terms,
      t."whenLeft", t.version, gateway_now(), gateway_now(), ${actor.kind}::actor_kind, ${actor.id}, ${actor.name},
      case when t.change = 'REMOVE' then gateway_now() end
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as t(id uuid, change text, name text, tags jsonb,
      terms jsonb, "whenLeft" leaving, version int)
    order by t.change = 'CREATE', t.id
    on conflict (id) do update set name = excluded.name, tags = excluded.tags, terms = excluded.terms,
      when_left = excluded.when_left, version = excluded.version, updated_at = excluded.updated_at,
      updated_by_kind = excluded.updated_by_kind, updated_by_id = excluded.updated_by_id,
      updated_by_name = excluded.updated_by_name, removed_at = excluded.removed_at`)
  await appendFacts(
    tx,
    rows.map(({ id: _id, change, ...detail }): NewFact => ({ kind: kinds[change], actor, ...place, detail })),
  )
}

const kinds = {
  CREATE: 'PolicyTemplateCreated',
  CHANGE: 'PolicyTemplateUpdated',
  REMOVE: 'PolicyTemplateRemoved',
} as const
