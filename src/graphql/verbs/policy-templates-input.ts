import { templateBounds } from '../../access/template-set.ts'
import { policyBounds } from '../../access/policy.ts'
import type { TemplateSetInput } from '../../commands/set-policy-templates.ts'
import { builder } from '../builder.ts'
import { Leaving } from '../enums.ts'
import { policyPort, PolicyPortInput } from './policy-port-input.ts'
import { policyTerms, termFields } from './policy-terms-input.ts'

const { mostTemplates, mostTags, longestName, longestTag } = templateBounds

const AskedTagInput = builder.inputType('AskedTagInput', {
  description: 'A tag that a machine must have.',
  fields: (t) => ({
    name: t.string({ required: true, description: `Its name, in any case: 1 to ${longestTag} characters.` }),
    value: t.string({ description: `Its value, in this case: up to ${longestTag} characters. Null: any value.` }),
  }),
})

const PolicyTemplateInput = builder.inputType('PolicyTemplateInput', {
  description: 'A template: what the policies of the machines that it covers are to say.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description:
        `Its name, which tells it from the others of the scope whatever its case: 1 to ${longestName} characters. A ` +
        'template of another name is another template.',
    }),
    tags: t.field({
      type: [AskedTagInput],
      description: `What machines must be tagged with, all of it: at most ${mostTags}. Null: every machine of the scope.`,
    }),
    ports: t.field({
      type: [PolicyPortInput],
      description:
        `The ports to protect: at most ${policyBounds.mostPorts}. Null: the default of each operating system, which is ` +
        'SSH, port 22, for Linux and RDP, port 3389, for Windows, from any source for at most PT3H.',
    }),
    recommended: t.boolean({
      description:
        'True: protects the recommended ports of any system instead (22, 3389, 5985 and 5986); `ports` must be null.',
    }),
    ...termFields(t, 'nothing'),
    whenLeft: t.field({
      type: Leaving,
      description:
        'What becomes of the policy of a machine that no template covers any more, because its tags or the templates ' +
        'changed. Null: KEEP_POLICY.',
    }),
  }),
})

/** The templates that a scope is to have, as they are stated. */
export const PolicyTemplatesInput = builder.inputType('PolicyTemplatesInput', {
  description: 'All templates that a scope is to have: those that it has and that are not named are removed.',
  fields: (t) => ({
    scope: t.string({
      required: true,
      description:
        'Where, in any case: `/` for everything, `/subscriptions/{id}`, `/subscriptions/{id}/resourceGroups/{name}`, ' +
        '`/aws/{account}`, `/aws/{account}/{region}/{vpc}`, or the resource id of a machine. Nothing need be known there ' +
        'yet. The templates of scopes above and below it stay as they are.',
    }),
    templates: t.field({
      type: [PolicyTemplateInput],
      required: true,
      description: `The templates: at most ${mostTemplates}. Empty: the scope is to have none.`,
    }),
    ifRevision: t.string({
      description:
        'The `revision` of a plan that was looked at: when the templates of the scope changed since, it is a conflict. ' +
        'Null: whatever they are.',
    }),
  }),
})

/** The same in the words of commands. */
export function templateSet(input: typeof PolicyTemplatesInput.$inferInput): TemplateSetInput {
  return {
    scope: input.scope,
    templates: input.templates.map((template) => ({
      name: template.name,
      tags: template.tags?.map(({ name, value = null }) => ({ name, value })) ?? null,
      ports: template.ports?.map(policyPort) ?? null,
      recommended: template.recommended ?? null,
      ...policyTerms(template),
      whenLeft: template.whenLeft ?? null,
    })),
    ifRevision: input.ifRevision ?? null,
  }
}
