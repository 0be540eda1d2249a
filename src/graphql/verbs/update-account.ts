import { actions } from '../../access/role.ts'
import { updateAccount } from '../../commands/update-account.ts'
import { builder } from '../builder.ts'
import { DriftResponse } from '../enums.ts'
import { inputId } from './input-id.ts'
import { outcomePayload } from './outcome-payload.ts'
import { verb } from './verb.ts'

verb('updateAccount', {
  description:
    'Changes what is kept of an account. What is done where somebody else changed rules of the gateway counts from the ' +
    'next look at each boundary on, and for what is found then.',
  authorisation: `Whoever may do ${actions.writeAccount} at the account.`,
  input: builder.inputType('UpdateAccountInput', {
    description: 'What is to be kept of an account from now on.',
    fields: (t) => ({
      account: t.id({ required: true, description: 'The id of the account.' }),
      name: t.string({ description: 'What people call it, up to 100 characters. Null: as it is.' }),
      driftResponse: t.field({
        type: DriftResponse,
        description: 'What is done where somebody else changed rules of the gateway. Null: as it is.',
      }),
    }),
  }),
  payload: outcomePayload('UpdateAccountPayload', 'Account', 'account', 'The account; null when it was refused.'),
  nothing: { id: null, userErrors: [] },
  run: (context, { account, name = null, driftResponse = null }) =>
    updateAccount(context, { accountId: inputId('Account', account), name, driftResponse }),
})
