import { actions } from '../../access/role.ts'
import { previewPolicyTemplates } from '../../commands/set-policy-templates.ts'
import { builder } from '../builder.ts'
import { noPlan, templatePlan } from '../verbs/policy-template-plan.ts'
import { PolicyTemplatesInput, templateSet } from '../verbs/policy-templates-input.ts'
import { unwritableText } from '../verbs/unwritable-text.ts'

builder.queryField('policyTemplatePlan', (t) =>
  t.field({
    type: templatePlan('PolicyTemplatePlan', 'What stating the templates of a scope would come to.'),
    description: 'What stating the templates of a scope would come to now. It writes nothing.',
    extensions: { authorisation: `Whoever may do ${actions.writePolicy} at the scope.` },
    args: { input: t.arg({ type: PolicyTemplatesInput, required: true, description: 'What would be stated.' }) },
    complexity: ({ input }) => ({ field: 1, multiplier: Math.max(1, input.templates.length) }),
    resolve(_root, { input }, context) {
      const refusal = unwritableText(input)
      return refusal === null
        ? previewPolicyTemplates(context, templateSet(input))
        : { ...noPlan, userErrors: [refusal] }
    },
  }),
)
