import { policyBounds } from '../../access/policy.ts'
import { actions } from '../../access/role.ts'
import { enableJit } from '../../commands/enable-jit.ts'
import { keptDays } from '../../commands/idempotency.ts'
import { mostMachines } from '../../commands/vm-ids.ts'
import { builder } from '../builder.ts'
import { inputIds } from './input-id.ts'
import { policyPort, PolicyPortInput } from './policy-port-input.ts'
import { policyResultsPayload } from './policy-results.ts'
import { policyTerms, termFields } from './policy-terms-input.ts'
import { verb } from './verb.ts'

verb('enableJit', {
  description:
    'Enables just-in-time access on machines: each gets a policy, and the ports it protects are closed at the ' +
    'boundaries on its path, ahead of foreign rules where that can be. Where it cannot, `VirtualMachine.exposures` says so.',
  authorisation: `Whoever may do ${actions.writePolicy} at each machine.`,
  input: builder.inputType('EnableJitInput', {
    description: 'What to protect, and where, and what is asked of whoever wants it open.',
    fields: (t) => ({
      virtualMachines: t.idList({
        required: true,
        description: `The ids of the machines, none twice: at most ${mostMachines}.`,
      }),
      ports: t.field({
        type: [PolicyPortInput],
        description:
          `The ports to protect: at most ${policyBounds.mostPorts}. Null: the default of the operating system, which ` +
          'is SSH, port 22, for Linux and RDP, port 3389, for Windows, from any source for at most PT3H.',
      }),
      recommended: t.boolean({
        description:
          'True: protects the recommended ports of any system instead (22, 3389, 5985 and 5986); `ports` must be null.',
      }),
      ...termFields(t, 'nothing'),
      idempotencyKey: t.string({
        description:
          `Repeating a call with the key within ${keptDays} days gives the first answer again: 1 to 255 characters. ` +
          'With another input it is a conflict. Null: every call stands for itself.',
      }),
    }),
  }),
  payload: policyResultsPayload('EnableJitPayload'),
  nothing: { results: [], userErrors: [] },
  size: ({ virtualMachines }) => Math.min(virtualMachines.length, mostMachines),
  run: (context, input) =>
    enableJit(context, {
      vmIds: inputIds('VirtualMachine', input.virtualMachines),
      ports: input.ports?.map(policyPort) ?? null,
      recommended: input.recommended ?? null,
      ...policyTerms(input),
      idempotencyKey: input.idempotencyKey ?? null,
    }),
})
