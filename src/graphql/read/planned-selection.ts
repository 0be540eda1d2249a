import {
  getArgumentValues,
  visit,
  type ArgumentNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLSchema,
} from 'graphql'
import { collect, type Document } from './collect.ts'
import type { Root } from './description.ts'
import type { Column } from './form.ts'
import type { OperationPlan, Variables } from './operation-plan.ts'
import type { Parameters, Run } from './parameters.ts'
import { rootOf } from './root-options.ts'
import { selectField, type Selected } from './selection.ts'

/** A field of Query as variables of one shape select it; null in place of its root for the name of the type. */
export interface PlannedRoot {
  readonly key: string
  readonly nodes: readonly FieldNode[]
  readonly read: { readonly field: GraphQLField<unknown, unknown>; readonly root: Root } | null
}

/** The fields of Query that are selected; null when one of them is no read of the database, or all are known. */
export function rootsOf(schema: GraphQLSchema, plan: OperationPlan, variables: Variables): PlannedRoot[] | null {
  const query = schema.getQueryType()
  if (query === null || query === undefined) return null
  const roots: PlannedRoot[] = []
  for (const [key, nodes] of collect(documentOf(schema, plan, variables), query, [plan.operation])) {
    const name = nodes[0]?.name.value ?? ''
    const field = query.getFields()[name]
    const root = field === undefined ? undefined : rootOf(field)
    if (name === '__typename') roots.push({ key, nodes, read: null })
    else if (field === undefined || root === undefined) return null
    else roots.push({ key, nodes, read: { field, root } })
  }
  return roots.some(({ read }) => read !== null && read.root.known !== true) ? roots : null
}

/** What of the arguments of fields of Query shapes the text, beside the shape of the variables. */
export function shapeOfRoots(roots: readonly PlannedRoot[], variables: Variables): string {
  let shape = ''
  for (const { read, nodes } of roots)
    if (read?.root.shape !== undefined) shape += `${read.root.shape(argumentsOf(read.field, nodes, variables))}\n`
  return shape
}

/** An operation as variables of one shape select it. */
export interface PlannedSelection {
  /** Tells its statement from those of other selections. */
  readonly shape: string
  /** Every field in the order of the walk, with the arguments it was planned with. */
  readonly all: readonly Selected[]
  /** Of these, the ones whose arguments are not the same in every call. */
  readonly varying: readonly Selected[]
  /** The answer, as one expression of JSON. */
  readonly sql: (parameters: Parameters) => string
}

/** All that is selected below these fields of Query. */
export function planSelection(
  schema: GraphQLSchema,
  plan: OperationPlan,
  roots: readonly PlannedRoot[],
  variables: Variables,
): PlannedSelection {
  const document = documentOf(schema, plan, variables)
  const all: Selected[] = []
  const planned = roots.map(({ key, nodes, read }) => {
    if (read === null) return { key, shape: `${key}:__typename`, sql: ({ form }: Parameters) => form.word('Query') }
    const { field, root } = read
    const args = argumentsOf(field, nodes, variables)
    const { selected, shape } = selectField(document, all, field, key, nodes, args, root.only?.(args))
    return {
      key,
      shape: `${root.name} ${root.shape?.(args) ?? ''} ${shape}`,
      sql: (parameters: Parameters) => root.sql(parameters, selected),
    }
  })
  return {
    shape: planned.map(({ shape }) => shape).join('\n'),
    all,
    varying: all.filter(({ asked }) => (asked.node.arguments ?? []).some(usesVariables)),
    sql: (parameters) => parameters.form.object(planned.map(({ key, sql }): Column => [key, sql(parameters)])),
  }
}

/** The fields of a planned selection with the arguments of a call. */
export function selectedIn({ all, varying }: PlannedSelection, variables: Variables): Run['selected'] {
  if (varying.length === 0) return all
  const selected = [...all]
  for (const one of varying)
    selected[one.index] = { ...one, arguments: argumentsOf(one.asked.field, [one.asked.node], variables) }
  return selected
}

function documentOf(schema: GraphQLSchema, { fragments }: OperationPlan, variableValues: Variables): Document {
  return { schema, fragments, variableValues }
}

function argumentsOf(field: GraphQLField<unknown, unknown>, [node]: readonly FieldNode[], variables: Variables) {
  return getArgumentValues(field, node as FieldNode, variables)
}

function usesVariables(argument: ArgumentNode): boolean {
  let uses = false
  visit(argument, {
    Variable() {
      uses = true
    },
  })
  return uses
}
