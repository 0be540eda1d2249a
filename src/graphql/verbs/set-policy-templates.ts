import { actions } from '../../access/role.ts'
import { setPolicyTemplates } from '../../commands/set-policy-templates.ts'
import { noPlan, templatePlan } from './policy-template-plan.ts'
import { PolicyTemplatesInput, templateSet } from './policy-templates-input.ts'
import { verb } from './verb.ts'

verb('setPolicyTemplates', {
  description:
    'States all templates of a scope, and answers what it comes to: those that are not named are removed. The policies ' +
    'of its machines are brought up to them within moments, by the gateway, and those of machines that are found or ' +
    'tagged later. A policy that was there before keeps all that it says, as overrides. Stating the same again changes ' +
    'nothing. `policyTemplatePlan` answers the same and changes nothing.',
  authorisation: `Whoever may do ${actions.writePolicy} at the scope.`,
  input: PolicyTemplatesInput,
  payload: templatePlan('SetPolicyTemplatesPayload', 'What became of the call.'),
  nothing: noPlan,
  size: ({ templates }) => templates.length,
  run: (context, input) => setPolicyTemplates(context, templateSet(input)),
})
