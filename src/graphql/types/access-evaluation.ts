import type { Constraint } from '../../access/constraints.ts'
import { policyConstraints } from '../../access/user-error.ts'
import type {
  AccessEvaluation as AccessEvaluationShape,
  EvaluatedPort,
  EvaluatedTarget,
} from '../../commands/evaluate-access.ts'
import type { Permitted } from '../../commands/judge-target.ts'
import { builder } from '../builder.ts'
import { GrantState, PolicyConstraintEnum, Protocol, Safeguard } from '../enums.ts'
import { thingField, withThings, type ThingsOf, type WithThings } from '../read/selected-things.ts'
import { userErrorsField } from '../verbs/user-errors-field.ts'
import { ApprovalRuleType } from './plain.ts'

const toldToAsker = { authorisation: 'Told only to whoever asks, of what they might ask for themselves.' }

/** How many constraints a port has when one source is asked for: one of each. */
export const constraintsOfOneSource = policyConstraints.length

const ConstraintEvaluation = builder.objectRef<Constraint>('ConstraintEvaluation')
ConstraintEvaluation.implement({
  description: 'One constraint of a policy, as it was found for what is asked: a `PolicyViolation` if not satisfied.',
  extensions: toldToAsker,
  fields: (t) => ({
    constraint: t.expose('constraint', { type: PolicyConstraintEnum, description: 'The constraint.' }),
    satisfied: t.exposeBoolean('satisfied', { description: 'Whether what is asked satisfies it.' }),
    allowed: t.stringList({
      description:
        'What would pass: ports such as `22/TCP`, CIDRs, one ISO 8601 duration as the maximum, the pattern of a text, or ' +
        'how many approvals are needed; empty where any text would.',
      resolve: ({ allowed }) => [...allowed],
    }),
    asked: t.exposeString('asked', { description: 'What is asked; empty for a text that is not given.' }),
    message: t.exposeString('message', { description: 'For a person to read.' }),
    field: t.stringList({
      description: 'The path of what is asked in the input, such as `targets`, `0`, `ports`, `0`, `port`.',
      resolve: ({ field }) => [...field],
    }),
  }),
})

const AccessPermission = builder.objectRef<Permitted>('AccessPermission')
AccessPermission.implement({
  description: 'What the grant to a port would be like.',
  extensions: toldToAsker,
  fields: (t) => ({
    protocol: t.expose('protocol', { type: Protocol, description: 'What the port would be opened for.' }),
    duration: t.field({
      type: 'Duration',
      description:
        'Length of the window: from when the port is proven open, or up to `endsAt` where that is asked for.',
      resolve: ({ durationSeconds }) => durationSeconds,
    }),
    approvalRule: t.field({
      type: ApprovalRuleType,
      nullable: true,
      description: 'Who would have to approve it first; null when nobody has to.',
      resolve: ({ approval }) => approval && { ...approval, decideWithin: approval.decideWithinSeconds },
    }),
    past: t.field({
      type: [Safeguard],
      description: 'What break-glass would go past; empty when nothing stands in the way, or it is not asked for.',
      resolve: ({ past }) => [...past],
    }),
  }),
})

const PortEvaluation = builder.objectRef<EvaluatedPort>('PortEvaluation')
PortEvaluation.implement({
  description: 'What would become of one port.',
  extensions: toldToAsker,
  fields: (t) => ({
    port: t.exposeInt('port', { description: 'The port, as it is asked for.' }),
    permitted: t.boolean({
      description: 'Whether it would be granted.',
      resolve: ({ permitted }) => permitted !== null,
    }),
    permission: t.field({
      type: AccessPermission,
      nullable: true,
      description: 'What the grant would be like; null when there would be none.',
      resolve: ({ permitted }) => permitted,
    }),
    constraints: t.field({
      type: [ConstraintEvaluation],
      description:
        'Every constraint of the policy, satisfied or not; one of SOURCE for each source. Empty where the `userErrors` of ' +
        'the target say why the port was not held against a policy.',
      complexity: { field: 1, multiplier: constraintsOfOneSource },
      resolve: ({ constraints }) => [...constraints],
    }),
  }),
})

const things: ThingsOf<EvaluatedTarget> = {
  virtualMachine: { entity: 'VirtualMachine', keyOf: ({ vmId }) => vmId },
}

const TargetEvaluation = builder.objectRef<WithThings<EvaluatedTarget>>('TargetEvaluation')
TargetEvaluation.implement({
  description: 'What would become of what is asked of one machine.',
  extensions: toldToAsker,
  fields: (t) => ({
    virtualMachine: thingField(
      t,
      'VirtualMachine',
      'The machine; null when there is none, or the viewer may not see it.',
    ),
    ports: t.field({
      type: [PortEvaluation],
      description: 'One for each port of the target, in its order.',
      resolve: ({ ports }) => [...ports],
    }),
    userErrors: userErrorsField(
      t,
      'What it would be refused for, in whole or in part, apart from constraints of the policy: those are listed with ' +
        'its ports. Empty when there is nothing else.',
    ),
  }),
})

export const AccessEvaluation = builder.objectRef<AccessEvaluationShape>('AccessEvaluation')
AccessEvaluation.implement({
  description:
    'What would become of a request for access if it was made now, by this viewer. `requestAccess` is judged by the same ' +
    'evaluation: as long as nothing changes it grants what is permitted here, and refuses the rest for what is said here.',
  extensions: toldToAsker,
  fields: (t) => ({
    targets: t.field({
      type: [TargetEvaluation],
      description: 'One for each target of the input, in its order; empty when the whole input would be refused.',
      resolve: ({ targets }, _args, context, info) => withThings(targets, things, context, info),
    }),
    state: t.expose('state', {
      type: GrantState,
      nullable: true,
      description:
        'The state in which all its grants would begin: OPENING at once, SCHEDULED until `startsAt`, or PENDING_APPROVAL ' +
        'when any of them needs approval. Null when nothing would be granted.',
    }),
    userErrors: userErrorsField(t, 'What the whole input would be refused for; empty when each target was judged.'),
  }),
})
