import { policyBounds } from '../../access/policy.ts'
import { actions } from '../../access/role.ts'
import { updatePolicy } from '../../commands/update-policy.ts'
import { mostMachines } from '../../commands/vm-ids.ts'
import { builder } from '../builder.ts'
import { Protocol } from '../enums.ts'
import { inputIds } from './input-id.ts'
import { policyPort, PolicyPortInput } from './policy-port-input.ts'
import { policyResultsPayload } from './policy-results.ts'
import { approvalRule, ApprovalRuleInput, policyTerms, termFields } from './policy-terms-input.ts'
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

const PortApprovalInput = builder.inputType('PortApprovalInput', {
  description: 'A port of a policy, and who is to approve what is asked of it.',
  fields: (t) => ({
    port: t.int({ required: true, description: '1 to 65535.' }),
    protocol: t.field({
      type: Protocol,
      required: true,
      defaultValue: 'TCP',
      description: 'As the policy has it: ANY does not stand for TCP or UDP here.',
    }),
    approvalRule: t.field({ type: ApprovalRuleInput, description: 'The rule. Null: that of the policy.' }),
  }),
})

verb('updatePolicy', {
  description:
    'Changes what is named of policies and leaves the rest as it is. Grants of ports that are no longer protected end; ' +
    'those of ports that stay keep their window. Requests that wait are asked of the approvers that the policy has now, ' +
    'and approved when it asks for no more approvals than they have.',
  authorisation: `Whoever may do ${actions.writePolicy} at each machine.`,
  input: builder.inputType('UpdatePolicyInput', {
    description: 'Which policies to change, and how: whatever is null stays as it is.',
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
      setPortApprovals: t.field({
        type: [PortApprovalInput],
        description:
          'Who approves what is asked of ports that the policy has and that are neither set nor removed in the same call.',
      }),
      ...termFields(t, 'as it is'),
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
      setPortApprovals:
        input.setPortApprovals?.map(({ port, protocol, approvalRule: rule }) => ({
          port,
          protocol,
          approvalRule: approvalRule(rule),
        })) ?? null,
      ...policyTerms(input),
    }),
})
