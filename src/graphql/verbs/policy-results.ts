import type { GraphQLResolveInfo } from 'graphql'
import type { PolicyOutcome, PolicyOutcomes } from '../../commands/command.ts'
import { builder } from '../builder.ts'
import type { GatewayContext } from '../context.ts'
import { readAligned } from '../read/read.ts'
import { refOf, type EntityName, type Row } from '../read/registry.ts'
import { selectionsBelow } from '../read/selection.ts'
import { toldToCaller } from './outcome-payload.ts'
import { userErrorsField } from './user-errors-field.ts'

/** One result of a bulk verb with what is selected of it, under the response keys. */
interface PolicyResult extends PolicyOutcome {
  readonly selected: ReadonlyMap<string, Row | null>
}

/** The things a result holds, by field: their type, and the key of the one a result is about. */
const things: Readonly<Record<string, { entity: EntityName; keyOf: (result: PolicyOutcome) => string | null }>> = {
  virtualMachine: { entity: 'VirtualMachine', keyOf: ({ vmId }) => vmId },
  policy: { entity: 'Policy', keyOf: ({ policyId }) => policyId },
}

const PolicyResult = builder.objectRef<PolicyResult>('PolicyResult')
PolicyResult.implement({
  description: 'What became of one machine or policy of a bulk verb.',
  extensions: toldToCaller,
  fields: (t) => ({
    virtualMachine: t.field({
      type: refOf('VirtualMachine'),
      nullable: true,
      description: 'The machine, read after the verb; null when there is none, or the viewer may not see it.',
      resolve: ({ selected }, _args, _context, info) => selected.get(String(info.path.key)) ?? null,
    }),
    policy: t.field({
      type: refOf('Policy'),
      nullable: true,
      description: 'The policy that was written, read after the verb; null when it was refused.',
      resolve: ({ selected }, _args, _context, info) => selected.get(String(info.path.key)) ?? null,
    }),
    userErrors: userErrorsField(t),
  }),
})

/** The payload of a bulk verb: a result for each thing named, however many at the cost of one read for each field. */
export function policyResultsPayload(name: string) {
  const payload = builder.objectRef<PolicyOutcomes>(name)
  payload.implement({
    description: 'What became of the call. What is refused of one machine does not hold up the others.',
    extensions: toldToCaller,
    fields: (t) => ({
      results: t.field({
        type: [PolicyResult],
        description: 'One for each id of the input, in its order; empty when the whole input was refused.',
        resolve: ({ results }, _args, context, info) => withThings(results, context, info),
      }),
      userErrors: userErrorsField(t),
    }),
  })
  return payload
}

async function withThings(
  results: readonly PolicyOutcome[],
  context: GatewayContext,
  info: GraphQLResolveInfo,
): Promise<PolicyResult[]> {
  const columns = await Promise.all(
    selectionsBelow(info, ({ name }) => Object.hasOwn(things, name)).map(async ({ key, field, selection }) => {
      const { entity, keyOf } = things[field.name] as (typeof things)[string]
      return { key, rows: await readAligned(context, selection, entity, results.map(keyOf)) }
    }),
  )
  return results.map((result, place) => ({
    ...result,
    selected: new Map(columns.map(({ key, rows }) => [key, rows[place] ?? null])),
  }))
}
