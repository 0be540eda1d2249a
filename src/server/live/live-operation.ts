import {
  executeSubscriptionEvent,
  getNamedType,
  print,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  type ValidatedSubscriptionArgs,
} from 'graphql'
import type { Viewer } from '../../access/viewer.ts'
import type { GatewayContext } from '../../graphql/context.ts'
import { formatError } from '../errors.ts'
import { Result } from './result.ts'

/** The argument that says where a subscription begins: it does not change what an event shows. */
const CURSOR_ARGUMENT = 'after'

/** A subscription to be served, as far as others may have the very same one. */
export interface LiveOperation {
  /** Equal for subscriptions that are shown the same of an event: the same document and variables, cursors left out. */
  readonly key: string
  /** Whether results show what is read under the viewer's authorisation: such a result is no other viewer's. */
  readonly perViewer: boolean
  /** Executes the document for what its field resolves. Never fails: an error is a result. */
  run(event: unknown, viewer: Viewer): Result | Promise<Result>
}

export function liveOperation(
  args: ValidatedSubscriptionArgs,
  maskError: (error: unknown) => GraphQLError,
): LiveOperation {
  const { text, cursorVariable, reads, perAddress } = traitsOf(args.schema, args.document)
  const context = args.contextValue as GatewayContext
  const { address } = context.viewer
  const { [cursorVariable ?? '']: _cursor, ...variables } = args.variableValues.coerced
  const serialise = ({ errors, ...result }: ExecutionResult) =>
    new Result(
      JSON.stringify(
        errors === undefined ? result : { errors: errors.map((error) => formatError(maskError(error))), ...result },
      ),
    )
  const failed = (error: unknown) => serialise({ errors: [maskError(error)] })
  return {
    key: JSON.stringify([text, args.operation.name?.value, variables, perAddress ? address : null]),
    perViewer: reads,
    run(event, anyAddress) {
      // The roles are those of the principal, whose connections may come from several places.
      const viewer = perAddress ? { ...anyAddress, address } : anyAddress
      try {
        const answer = executeSubscriptionEvent({ ...args, rootValue: event, contextValue: { ...context, viewer } })
        return answer instanceof Promise ? answer.then(serialise, failed) : serialise(answer)
      } catch (error) {
        return failed(error)
      }
    },
  }
}

interface Traits {
  readonly text: string
  /** The variable that is a cursor and nothing else; null when there is none. */
  readonly cursorVariable: string | null
  /** Whether it selects anything that is read from the database. */
  readonly reads: boolean
  /** Whether it selects anything that depends on the address that the subscriber calls from. */
  readonly perAddress: boolean
}

const known = new WeakMap<DocumentNode, Traits>()

/** Parsed documents are kept and shared by text, so this is looked at once for each. */
function traitsOf(schema: GraphQLSchema, document: DocumentNode): Traits {
  const traits = known.get(document) ?? readTraits(schema, document)
  known.set(document, traits)
  return traits
}

function readTraits(schema: GraphQLSchema, document: DocumentNode): Traits {
  const types = new TypeInfo(schema)
  const uses = new Map<string, number>()
  let cursorVariable: string | null = null
  let reads = false
  let perAddress = false
  visit(
    document,
    visitWithTypeInfo(types, {
      VariableDefinition: () => false,
      Field() {
        const type = getNamedType(types.getType())
        reads ||= type?.extensions['read'] === true
        perAddress ||= types.getFieldDef()?.extensions['perAddress'] === true
      },
      Argument({ name, value }) {
        const atRoot = types.getParentType() === schema.getSubscriptionType()
        if (atRoot && name.value === CURSOR_ARGUMENT && value.kind === 'Variable') cursorVariable = value.name.value
      },
      Variable({ name }) {
        uses.set(name.value, (uses.get(name.value) ?? 0) + 1)
      },
    }),
  )
  if (cursorVariable !== null && uses.get(cursorVariable) !== 1) cursorVariable = null
  return { text: document.loc?.source.body ?? print(document), cursorVariable, reads, perAddress }
}
