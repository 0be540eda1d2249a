import { actions } from '../../access/role.ts'
import { registerAccount } from '../../commands/register-account.ts'
import { builder } from '../builder.ts'
import { outcomePayload } from './outcome-payload.ts'
import { verb } from './verb.ts'

verb('registerAccount', {
  description:
    'Takes an Azure subscription under management. Inventory sync then finds its machines and boundaries; nothing is ' +
    'written to the cloud. Registering one that is registered changes nothing and answers it.',
  authorisation: `Whoever may do ${actions.writeAccount} at the subscription.`,
  input: builder.inputType('RegisterAccountInput', {
    description: 'An Azure subscription.',
    fields: (t) => ({
      subscriptionId: t.string({ required: true, description: 'The GUID of the subscription, in any case.' }),
      name: t.string({ description: 'What people call it, up to 100 characters. Null: its GUID.' }),
    }),
  }),
  payload: outcomePayload('RegisterAccountPayload', 'Account', 'account', 'The account; null when it was refused.'),
  nothing: { id: null, userErrors: [] },
  run: (context, { subscriptionId, name = null }) => registerAccount(context, { subscriptionId, name }),
})
