import type { CommandContext, Outcome } from './command.ts'
import { endGrant } from './end-grant.ts'

/** Ends the caller's own grant before its time. */
export function releaseGrant(context: CommandContext, input: { readonly grantId: string }): Promise<Outcome> {
  return endGrant(context, input.grantId, 'RELEASED', (viewer, grant) =>
    grant.requesterId === viewer.actor.id
      ? null
      : {
          code: 'NOT_PERMITTED',
          field: ['grantId'],
          action: 'holder of the grant',
          message: 'Only its holder can release a grant; an operator revokes it.',
        },
  )
}
