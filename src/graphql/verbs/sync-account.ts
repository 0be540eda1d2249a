import { actions } from '../../access/role.ts'
import { syncAccount } from '../../commands/sync-account.ts'
import { builder } from '../builder.ts'
import { inputId } from './input-id.ts'
import { outcomePayload } from './outcome-payload.ts'
import { verb } from './verb.ts'

verb('syncAccount', {
  description:
    'Has the inventory of an account read from the cloud now instead of at its next time. It answers at once: ' +
    '`Account.lastSyncedAt` tells when the sync has finished.',
  authorisation: `Whoever may do ${actions.writeAccount} at the account.`,
  input: builder.inputType('SyncAccountInput', {
    description: 'An account under management.',
    fields: (t) => ({ account: t.id({ required: true, description: 'The id of the account.' }) }),
  }),
  payload: outcomePayload('SyncAccountPayload', 'Account', 'account', 'The account; null when it was refused.'),
  nothing: { id: null, userErrors: [] },
  run: (context, { account }) => syncAccount(context, { accountId: inputId('Account', account) }),
})
