import { randomUUIDv7 } from 'node:crypto'
import { actions } from '../access/role.ts'
import { delegable } from '../access/delegate.ts'
import { parseScope } from '../access/scope.ts'
import type { UserError } from '../access/user-error.ts'
import { may } from '../access/viewer.ts'
import { appendFacts } from '../store/append-facts.ts'
import { lockRoles } from '../store/role-changes.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import type { CommandContext, Outcome } from './command.ts'
import {
  actionsNamed,
  faultsOfNames,
  lackingErrors,
  mayNotWriteRoles,
  nameTaken,
  placeOfScope,
} from './custom-roles.ts'
import { once } from './idempotency.ts'

export interface CreateCustomRole {
  readonly name: string
  readonly description?: string | null | undefined
  readonly scope: string
  readonly actions: readonly string[]
  readonly idempotencyKey?: string | null | undefined
}

/** Makes a role of actions that the caller holds at its scope; it can be assigned there and below. */
export async function createCustomRole(context: CommandContext, input: CreateCustomRole): Promise<Outcome> {
  const { idempotencyKey: key = null, ...body } = input
  const call = { verb: 'createCustomRole', key, body }
  const answer = await once<Outcome>(
    context,
    call,
    ({ id }) => id !== null,
    (tx) => create(context, tx, input),
  )
  return 'code' in answer ? refused(answer) : answer
}

async function create({ viewer }: CommandContext, tx: Transaction, input: CreateCustomRole): Promise<Outcome> {
  const scope = parseScope(input.scope)
  const name = input.name.trim()
  const description = input.description?.trim() ?? ''
  const { named, faults } = actionsNamed(input.actions, 'actions')
  const invalid: UserError[] = [...faultsOfNames(name, description), ...faults]
  if (named.length === 0 && faults.length === 0)
    invalid.push({ code: 'INVALID_INPUT', field: ['actions'], message: 'A role allows at least one action.' })
  if (scope === null)
    return refused(...invalid, {
      code: 'INVALID_INPUT',
      field: ['scope'],
      message: 'A scope is `/`, or the path of a subscription, a resource group or a virtual machine.',
    })
  if (invalid.length > 0) return refused(...invalid)
  if (!may(viewer, actions.writeRole, scope)) return refused(mayNotWriteRoles(['scope']))
  const { lacking } = delegable(viewer, named, scope)
  if (lacking.length > 0) return refused(...lackingErrors(lacking, ['actions']))

  await lockRoles(tx)
  const id = randomUUIDv7()
  const { kind, id: actorId, name: actorName } = viewer.actor
  const { rowCount } = await tx.execute(sql`
    insert into custom_roles (id, name, description, scope, actions, created_at, created_by_kind, created_by_id,
      created_by_name, updated_at)
    values (${id}, ${name}, ${description}, ${scope}, ${sql.param(named)}::text[], gateway_now(), ${kind}, ${actorId},
      ${actorName}, gateway_now())
    on conflict do nothing`)
  if (rowCount === 0) return refused(nameTaken)
  await appendFacts(tx, [
    {
      kind: 'CustomRoleCreated',
      actor: viewer.actor,
      ...placeOfScope(scope),
      detail: { roleId: id, name, scope, actions: named },
    },
  ])
  return { id, userErrors: [] }
}

const refused = (...userErrors: readonly UserError[]): Outcome => ({ id: null, userErrors })
