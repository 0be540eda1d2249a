import { actions } from '../../access/role.ts'
import { registerAccount } from '../../commands/register-account.ts'
import { builder } from '../builder.ts'
import { outcomePayload } from './outcome-payload.ts'
import { verb } from './verb.ts'

verb('registerAccount', {
  description:
    'Takes an Azure subscription or an AWS account under management. Inventory sync then finds its machines and ' +
    'boundaries; nothing is written to the cloud. Registering one that is registered changes nothing and answers it.',
  authorisation: `Whoever may do ${actions.writeAccount} at the account.`,
  input: builder.inputType('RegisterAccountInput', {
    description: 'An account of a cloud: a subscription or an AWS account, one of the two.',
    fields: (t) => ({
      subscriptionId: t.string({ description: 'The GUID of an Azure subscription, in any case.' }),
      awsAccountId: t.string({ description: 'The number of an AWS account, twelve digits.' }),
      name: t.string({ description: 'What people call it, up to 100 characters. Null: its id.' }),
    }),
  }),
  payload: outcomePayload('RegisterAccountPayload', 'Account', 'account', 'The account; null when it was refused.'),
  nothing: { id: null, userErrors: [] },
  run: (context, { subscriptionId = null, awsAccountId = null, name = null }) =>
    registerAccount(context, { subscriptionId, awsAccountId, name }),
})
