import { actions } from '../../access/role.ts'
import { disableJit } from '../../commands/disable-jit.ts'
import { mostMachines } from '../../commands/vm-ids.ts'
import { builder } from '../builder.ts'
import { inputIds } from './input-id.ts'
import { policyResultsPayload } from './policy-results.ts'
import { verb } from './verb.ts'

verb('disableJit', {
  description:
    'Disables just-in-time access on machines: live grants end, and the rules of the gateway are taken away. Foreign ' +
    'rules then decide alone. The policies are kept for the audit trail.',
  authorisation: `Whoever may do ${actions.writePolicy} at each machine.`,
  input: builder.inputType('DisableJitInput', {
    description: 'Where to disable it.',
    fields: (t) => ({
      virtualMachines: t.idList({
        required: true,
        description: `The ids of the machines, none twice: at most ${mostMachines}.`,
      }),
    }),
  }),
  payload: policyResultsPayload('DisableJitPayload'),
  nothing: { results: [], userErrors: [] },
  size: ({ virtualMachines }) => Math.min(virtualMachines.length, mostMachines),
  run: (context, { virtualMachines }) => disableJit(context, { vmIds: inputIds('VirtualMachine', virtualMachines) }),
})
