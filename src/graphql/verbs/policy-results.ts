import type { PolicyOutcome, PolicyOutcomes } from '../../commands/command.ts'
import { builder } from '../builder.ts'
import { thingField, withThings, type ThingsOf, type WithThings } from '../read/selected-things.ts'
import { toldToCaller } from './outcome-payload.ts'
import { userErrorsField } from './user-errors-field.ts'

const things: ThingsOf<PolicyOutcome> = {
  virtualMachine: { entity: 'VirtualMachine', keyOf: ({ vmId }) => vmId },
  policy: { entity: 'Policy', keyOf: ({ policyId }) => policyId },
}

const PolicyResult = builder.objectRef<WithThings<PolicyOutcome>>('PolicyResult')
PolicyResult.implement({
  description: 'What became of one machine or policy of a bulk verb.',
  extensions: toldToCaller,
  fields: (t) => ({
    virtualMachine: thingField(
      t,
      'VirtualMachine',
      'The machine, read after the verb; null when there is none, or the viewer may not see it.',
    ),
    policy: thingField(t, 'Policy', 'The policy that was written, read after the verb; null when it was refused.'),
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
        resolve: ({ results }, _args, context, info) => withThings(results, things, context, info),
      }),
      userErrors: userErrorsField(t),
    }),
  })
  return payload
}
