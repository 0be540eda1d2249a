import { longestAhead, longestJustification, shortestWindow } from '../../access/window.ts'
import { requestBounds, type AccessInput } from '../../commands/read-request.ts'
import { formatDuration } from '../../time/duration.ts'
import { builder } from '../builder.ts'
import { Protocol } from '../enums.ts'
import { inputId } from './input-id.ts'
import { TicketInput } from './ticket-input.ts'

const AccessPortInput = builder.inputType('AccessPortInput', {
  description: 'A port that is asked for.',
  fields: (t) => ({
    port: t.int({ required: true, description: '1 to 65535; the policy must have it.' }),
    protocol: t.field({ type: Protocol, description: 'Null: the one that the policy has for the port.' }),
  }),
})

const AccessTargetInput = builder.inputType('AccessTargetInput', {
  description: 'A machine and the ports asked of it.',
  fields: (t) => ({
    virtualMachine: t.id({ required: true, description: 'The id of the machine.' }),
    ports: t.field({ type: [AccessPortInput], required: true, description: 'The ports: at least one, none twice.' }),
  }),
})

const { mostTargets, mostGrants } = requestBounds

type InputBuilder = PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>

/** What is asked for: the same of a request and of its dry run. */
export const accessFields = (t: InputBuilder) => ({
  targets: t.field({
    type: [AccessTargetInput],
    required: true,
    description: `The machines, none twice: at most ${mostTargets}, with at most ${mostGrants} ports in all.`,
  }),
  sources: t.field({
    type: ['CIDR'],
    description:
      'Where the ports are to be reached from: up to 50 ranges that do not overlap, such as `["203.0.113.7"]`. ' +
      'Null: the address that the call came from, which is `Viewer.address`.',
  }),
  duration: t.field({
    type: 'Duration',
    description:
      `How long, counted from when a port is proven open: from ${formatDuration(shortestWindow)} to the maximum of ` +
      'the policy, such as `PT1H`. Null: the maximum of each port, unless `endsAt` is given.',
  }),
  endsAt: t.field({
    type: 'DateTime',
    description: 'An absolute end instead of a duration; the time until then must be within the maximum.',
  }),
  startsAt: t.field({
    type: 'DateTime',
    description:
      `When to open, at most ${longestAhead / 86_400} days ahead: the grants are SCHEDULED until then, and the policy ` +
      'is asked again. A duration still counts from when a port is proven open. Null: as soon as may be.',
  }),
  justification: t.string({
    description:
      `Why, for the audit trail and for approvers: up to ${longestJustification} characters. The policy may require ` +
      'it. Null: not said.',
  }),
  ticket: t.field({
    type: TicketInput,
    description: 'The ticket it is for. The policy may require one. Null: for none.',
  }),
  breakGlass: t.boolean({
    description:
      'True: opens at once in an emergency, past approval, and past a lockdown which the viewer may also lift; never past ' +
      'the ports, sources and durations of the policy. It needs a `justification`, is said loudly in the log, and stays ' +
      'on a list until somebody else has reviewed it.',
  }),
})

export const AccessEvaluationInput = builder.inputType('AccessEvaluationInput', {
  description: 'What would be asked: ports of machines, from sources, for a while. It is what `requestAccess` takes.',
  fields: accessFields,
})

/** What is asked for, in the words of commands. */
export function accessInput(input: typeof AccessEvaluationInput.$inferInput): AccessInput {
  return {
    targets: input.targets.map(({ virtualMachine, ports }, place) => ({
      vmId: inputId('VirtualMachine', virtualMachine, place),
      ports: ports.map(({ port, protocol = null }) => ({ port, protocol })),
    })),
    sources: input.sources ?? null,
    durationSeconds: input.duration ?? null,
    endsAt: input.endsAt ?? null,
    startsAt: input.startsAt ?? null,
    justification: input.justification ?? null,
    ticket: input.ticket ? { id: input.ticket.id, system: input.ticket.system ?? null } : null,
    breakGlass: input.breakGlass ?? null,
  }
}

/** How many ports can be answered for, for the cost of what is selected of each. */
export function portsAsked({ targets }: Pick<typeof AccessEvaluationInput.$inferInput, 'targets'>): number {
  return Math.min(
    targets.reduce((sum, { ports }) => sum + ports.length, 0),
    mostGrants,
  )
}
