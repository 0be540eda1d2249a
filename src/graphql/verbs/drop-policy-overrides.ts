import { actions } from '../../access/role.ts'
import { dropPolicyOverrides } from '../../commands/drop-policy-overrides.ts'
import { mostMachines } from '../../commands/vm-ids.ts'
import { builder } from '../builder.ts'
import { inputIds } from './input-id.ts'
import { policyResultsPayload } from './policy-results.ts'
import { verb } from './verb.ts'

verb('dropPolicyOverrides', {
  description:
    'Makes policies follow their templates in everything again. Grants of ports that are protected no longer end, be ' +
    'they live or waiting. What is refused of one policy does not hold up the others.',
  authorisation: `Whoever may do ${actions.writePolicy} at the machine.`,
  input: builder.inputType('DropPolicyOverridesInput', {
    description: 'Which policies.',
    fields: (t) => ({
      policies: t.idList({
        required: true,
        description: `The ids of the policies, none twice: at most ${mostMachines}. Each must follow a template.`,
      }),
    }),
  }),
  payload: policyResultsPayload('DropPolicyOverridesPayload'),
  nothing: { results: [], userErrors: [] },
  size: ({ policies }) => Math.min(policies.length, mostMachines),
  run: (context, input) => dropPolicyOverrides(context, { policyIds: inputIds('Policy', input.policies) }),
})
