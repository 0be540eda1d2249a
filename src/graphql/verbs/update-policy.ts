import { policyBounds } from '../../access/policy.ts'
import { actions } from '../../access/role.ts'
import { updatePolicy } from '../../commands/update-policy.ts'
import { mostMachines } from '../../commands/vm-ids.ts'
import { builder } from '../builder.ts'
import { Protocol } from '../enums.ts'
import { inputIds } from './input-id.ts'
import { policyPort, PolicyPortInput } from './policy-port-input.ts'
import { policyResultsPayload } from './policy-results.ts'
import { verb } from './verb.ts'

const PortSelector = builder.inputType('PortSelector', {
  description: 'A port of a policy.',
  fields: (t) => ({
    port: t.int({ required: true, description: '1 to 65535.' }),
    protocol: t.field({
      type: Protocol,
      required: true,
      defaultValue: 'TCP',
      description: 'As the policy has it: ANY does not stand for TCP or UDP here.',
    }),
  }),
})

verb('updatePolicy', {
  description:
    'Changes ports of policies and leaves the others as they are. Grants of ports that are no longer protected end; ' +
    'those of ports that stay keep their window.',
  authorisation: `Whoever may do ${actions.writePolicy} at each machine.`,
  input: builder.inputType('UpdatePolicyInput', {
    description: 'Which policies to change, and how: ports to set, ports to remove, or both.',
    fields: (t) => ({
      policies: t.idList({
        required: true,
        description: `The ids of the policies, none twice: at most ${mostMachines}.`,
      }),
      setPorts: t.field({
        type: [PolicyPortInput],
        description:
          'Ports to add, or to replace where the policy has the same port and protocol. A policy has at most ' +
          `${policyBounds.mostPorts}.`,
      }),
      removePorts: t.field({
        type: [PortSelector],
        description: 'Ports to take out. A policy keeps at least one: disable JIT to have none.',
      }),
    }),
  }),
  payload: policyResultsPayload('UpdatePolicyPayload'),
  nothing: { results: [], userErrors: [] },
  size: ({ policies }) => Math.min(policies.length, mostMachines),
  run: (context, input) =>
    updatePolicy(context, {
      policyIds: inputIds('Policy', input.policies),
      setPorts: input.setPorts?.map(policyPort) ?? null,
      removePorts: input.removePorts?.map(({ port, protocol }) => ({ port, protocol })) ?? null,
    }),
})
