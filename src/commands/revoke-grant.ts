import { actions } from '../access/role.ts'
import { may } from '../access/viewer.ts'
import type { CommandContext, Outcome } from './command.ts'
import { endGrant } from './end-grant.ts'

/** Ends anybody's grant, as an operator of its virtual machine. */
export function revokeGrant(context: CommandContext, input: { readonly grantId: string }): Promise<Outcome> {
  return endGrant(context, input.grantId, 'REVOKED', (viewer, grant) =>
    may(viewer, actions.revokeGrant, grant.vmId)
      ? null
      : {
          code: 'NOT_PERMITTED',
          field: ['grantId'],
          action: actions.revokeGrant,
          message: 'You may not revoke grants of this virtual machine.',
        },
  )
}
