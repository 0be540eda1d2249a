import { followingKinds, type FollowingKind } from '../../access/following.ts'
import { templateChanges } from '../../access/template-set.ts'
import { mostPlanned, type PlannedMachine } from '../../commands/plan-templates.ts'
import type { TemplateSetOutcome } from '../../commands/set-policy-templates.ts'
import { builder } from '../builder.ts'
import { described } from '../described-enum.ts'
import { thingField, withThings, type ThingsOf, type WithThings } from '../read/selected-things.ts'
import { toldToCaller } from './outcome-payload.ts'
import { userErrorsField } from './user-errors-field.ts'

const TemplateChangeKind = described('PolicyTemplateChangeKind', 'What becomes of a template.', templateChanges, {
  CREATE: 'It is new.',
  CHANGE: 'It says something else from then on.',
  KEEP: 'It says what it said.',
  REMOVE: 'It was there and is not stated: it is removed.',
})

const kinds: Record<FollowingKind, string> = {
  CREATE: 'It gets a policy.',
  CHANGE: 'Its policy says something else from then on.',
  ADOPT: 'Its policy stays as it is and follows the template from then on: what differs is an override.',
  RELEASE: 'No template covers it any more: its policy stays as it is, and stands for itself.',
  DISABLE: 'No template covers it any more: its policy is disabled.',
  NOTHING: 'Nothing: its policy follows the template as it is, or no template concerns it.',
  LEFT_OUT: 'Nothing: somebody disabled JIT there while a template covered it, which stands until it is enabled again.',
  UNSUPPORTED: 'Nothing: it cannot have JIT, for `VirtualMachine.unsupportedReason`. It gets a policy once it can.',
  SYSTEM_UNKNOWN: 'Nothing: the template protects the default ports of its operating system, which is not known.',
}
const FollowingKindEnum = described('PolicyFollowing', 'What templates come to at a machine.', followingKinds, kinds)

type Change = TemplateSetOutcome['changes'][number]
const thingsOfChange: ThingsOf<Change> = {
  template: { entity: 'PolicyTemplate', keyOf: ({ templateId }) => templateId },
}
const TemplateChange = builder.objectRef<WithThings<Change>>('PolicyTemplateChange')
TemplateChange.implement({
  description: 'What becomes of one template of the scope.',
  extensions: toldToCaller,
  fields: (t) => ({
    change: t.field({ type: TemplateChangeKind, description: 'What.', resolve: ({ change }) => change }),
    name: t.exposeString('name', { description: 'Its name.' }),
    template: thingField(t, 'PolicyTemplate', 'The template, as it is after the call; null of one that would be new.'),
  }),
})

const thingsOfMachine: ThingsOf<PlannedMachine> = {
  virtualMachine: { entity: 'VirtualMachine', keyOf: ({ vmId }) => vmId },
}
const Planned = builder.objectRef<WithThings<PlannedMachine>>('PolicyTemplateEffect')
Planned.implement({
  description: 'What the templates come to at one machine.',
  extensions: toldToCaller,
  fields: (t) => ({
    virtualMachine: thingField(t, 'VirtualMachine', 'The machine, as it is; null when it is gone since.'),
    effect: t.field({ type: FollowingKindEnum, description: 'What is to be done there.', resolve: ({ kind }) => kind }),
    templateName: t.exposeString('template', {
      nullable: true,
      description: 'The name of the template that covers it; null when none does any more.',
    }),
  }),
})

const Count = builder.objectRef<{ readonly kind: FollowingKind; readonly machines: number }>(
  'PolicyTemplateEffectCount',
)
Count.implement({
  description: 'At how many machines something is to be done.',
  extensions: toldToCaller,
  fields: (t) => ({
    effect: t.field({ type: FollowingKindEnum, description: 'What.', resolve: ({ kind }) => kind }),
    machines: t.exposeInt('machines', { description: 'At how many machines of the scope; may be 0.' }),
  }),
})

/** What it comes to when the templates of a scope are stated, as the payload of the verb and as the answer of its preview. */
export function templatePlan(name: string, description: string) {
  const plan = builder.objectRef<TemplateSetOutcome>(name)
  plan.implement({
    description: `${description} Each machine is decided on as when it is brought up to the templates, as things stand.`,
    extensions: toldToCaller,
    fields: (t) => ({
      applied: t.exposeBoolean('applied', {
        description: 'Whether the templates were stated; false for a preview, and when they were refused.',
      }),
      revision: t.exposeString('revision', {
        nullable: true,
        description:
          'What tells the templates of the scope, as they were before, from others; null when refused. Opaque.',
      }),
      templates: t.field({
        type: [TemplateChange],
        description:
          'What becomes of each template: those that were stated, in their order, then those that are removed.',
        resolve: ({ changes }, _args, context, info) => withThings(changes, thingsOfChange, context, info),
      }),
      effects: t.field({
        type: [Count],
        description: 'How many machines, by what is to be done there; empty when refused.',
        resolve: ({ plan }) =>
          plan === null ? [] : followingKinds.map((kind) => ({ kind, machines: plan.counts[kind] })),
      }),
      grantsEnded: t.int({
        description: 'Grants that end, live or waiting, because their ports are protected no longer.',
        resolve: ({ plan }) => plan?.grantsEnded ?? 0,
      }),
      machines: t.field({
        type: [Planned],
        description: `The machines at which something is to be done, by their ids: the first ${mostPlanned} of them.`,
        complexity: { field: 1, multiplier: mostPlanned },
        resolve: ({ plan }, _args, context, info) => withThings(plan?.machines ?? [], thingsOfMachine, context, info),
      }),
      userErrors: userErrorsField(t),
    }),
  })
  return plan
}

/** The answer that says nothing was planned. */
export const noPlan: TemplateSetOutcome = { applied: false, revision: null, changes: [], plan: null, userErrors: [] }
