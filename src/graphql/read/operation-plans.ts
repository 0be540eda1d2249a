import { GraphQLError, Kind, parse, type DocumentNode, type GraphQLSchema } from 'graphql'
import { levelsOf, type Viewer } from '../../access/viewer.ts'
import { rolesVersionSql } from '../../store/roles-version.ts'
import type { Store } from '../../store/store.ts'
import { createLru, type Lru } from './lru.ts'
import { isWithinLimits, sizesOf } from './operation-cost.ts'
import { planOperation, shapeOfVariables, variablesOf, type OperationPlan } from './operation-plan.ts'
import { planSelection, rootsOf, selectedIn, shapeOfRoots } from './planned-selection.ts'
import type { PlannedRoot, PlannedSelection } from './planned-selection.ts'
import { valuesOf } from './read.ts'
import { createStatements, type Statement } from './statements.ts'
import { textForm } from './text-form.ts'

/** Documents kept planned, beside the registered ones. */
const MOST_PLANS = 500
/** Shapes of variables kept for one of them. */
const MOST_SHAPES = 50
/** Verdicts on what one of them costs. */
const MOST_VERDICTS = 100

/** Longer keys are not worth their memory: a document that is accepted is shorter. */
const LONGEST_KEY = 70_000

/** A call as a transport brought it. */
export interface Call {
  readonly document: string
  readonly operationName: string | null
  readonly variables: Readonly<Record<string, unknown>>
}

/** What a statement answered. */
export interface Answer {
  /** The JSON of `data`. */
  readonly data: string
  /** The version of all role assignments at the moment of the answer: it is to be that of the viewer's roles. */
  readonly rolesVersion: string
}

/** Answers whole queries by one statement each, whose text is the answer. */
export interface OperationPlans {
  /**
   * The answer of a call by the roles that `viewer` has; null for a call that is the executor's to answer, be it with
   * an error. Rejects when the statement fails.
   */
  answer(call: Call, viewer: Viewer, store: Store): Promise<Answer> | null
  /** Plans every operation of a document for good. */
  register(document: string): void
}

interface Planned {
  readonly plan: OperationPlan
  readonly withinLimits: Lru<boolean>
  readonly shapes: Lru<Shape | null>
}

interface Shape {
  readonly roots: readonly PlannedRoot[]
  readonly statements: Lru<{ readonly selection: PlannedSelection; readonly statement: Statement }>
}

/** Parses and validates under the rules of the executor's way; null for what does not pass, which is that way's to say. */
export type Accept = (document: string, operationName: string | null) => DocumentNode | null

/** Plans of operations by document and name. */
export function createOperationPlans(schema: GraphQLSchema, accept: Accept): OperationPlans {
  const statements = createStatements(textForm)
  const plans = createLru<Planned | null>(MOST_PLANS)
  /** By document, which is one and the same text in every call, and then by name. */
  const registered = new Map<string, Map<string | null, Planned | null>>()

  function plannedOf(document: string, operationName: string | null): Planned | null {
    const accepted = accept(document, operationName)
    const plan = accepted === null ? null : planOperation(schema, accepted, operationName)
    return plan === null
      ? null
      : { plan, withinLimits: createLru(MOST_VERDICTS), shapes: createLru<Shape | null>(MOST_SHAPES) }
  }

  function plannedOnce({ document, operationName }: Call): Planned | null {
    const key = `${operationName ?? ''}\n${document}`
    return key.length > LONGEST_KEY ? null : plans.of(key, () => plannedOf(document, operationName))
  }

  /** The statement of a call and its parameters; null for a call that no statement answers. */
  function bind({ plan, withinLimits, shapes }: Planned, call: Call, viewer: Viewer) {
    const variables = variablesOf(schema, plan, call.variables)
    if (variables === null) return null
    if (!withinLimits.of(sizesOf(plan, variables), () => isWithinLimits(schema, plan, call.variables))) return null
    const shape = shapes.of(shapeOfVariables(plan, variables), () => {
      const roots = rootsOf(schema, plan, variables)
      return roots === null ? null : { roots, statements: createLru(MOST_SHAPES) }
    })
    if (shape === null) return null
    const { selection, statement } = shape.statements.of(
      `${levelsOf(viewer)} ${shapeOfRoots(shape.roots, variables)}`,
      () => {
        const planned = planSelection(schema, plan, shape.roots, variables)
        const made = statements.of(
          planned.shape,
          viewer,
          (parameters) => `${planned.sql(parameters)}, ${rolesVersionSql()}`,
        )
        return { selection: planned, statement: made }
      },
    )
    return {
      statement,
      values: valuesOf(statement, { viewer, selected: selectedIn(selection, variables), given: null }),
    }
  }

  return {
    answer(call, viewer, store) {
      const planned = registered.get(call.document)?.get(call.operationName) ?? plannedOnce(call)
      if (planned === null) return null
      const bound = unlessRefused(() => bind(planned, call, viewer))
      if (bound === null) return null
      const { statement, values } = bound
      return store.pool
        .query<[string, string]>({ text: statement.text, values, rowMode: 'array', ...statements.nameOf(statement) })
        .then(({ rows: [row] }) => ({ data: row?.[0] as string, rolesVersion: row?.[1] as string }))
    },
    register(document) {
      const names = operationNamesOf(document)
      const named = names.length === 1 ? [null, ...names] : names
      registered.set(document, new Map(named.map((name) => [name, plannedOf(document, name)])))
    },
  }
}

/** What a call is refused with is for the executor to say: it knows which field refuses it. */
function unlessRefused<Bound>(bind: () => Bound): Bound | null {
  try {
    return bind()
  } catch (error) {
    if (error instanceof GraphQLError) return null
    throw error
  }
}

/** The names of a document's operations; none when it is no document. */
function operationNamesOf(document: string): (string | null)[] {
  const { definitions } = unlessRefused(() => parse(document)) ?? { definitions: [] }
  return definitions.flatMap((one) => (one.kind === Kind.OPERATION_DEFINITION ? [one.name?.value ?? null] : []))
}
