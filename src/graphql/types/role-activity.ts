import { PrincipalKindEnum } from '../enums.ts'
import { list, nullable, one, value } from '../read/fields.ts'
import { name, text, texts, variant } from './activity-detail.ts'

/** What facts about roles are. */
export const roleVariants = [
  variant(
    'RoleActivity',
    'A role that was assigned, removed or ended.',
    ['RoleAssigned', 'RoleRemoved', 'RoleExpired'],
    {
      role: value('String', 'The name of the role at that moment.', text('role')),
      principalKind: value(PrincipalKindEnum, 'To what kind of principal.', text('principalKind')),
      principalId: value('String', 'To whom, by the id at the identity provider.', text('principalId')),
      scope: value('String', 'Where.', text('scope')),
      endsAt: value('DateTime', 'The end of the assignment; null when it had none.', text('endsAt'), nullable),
    },
  ),
  variant(
    'CustomRoleActivity',
    'A role that somebody made, changed or took back, as it was then.',
    ['CustomRoleCreated', 'CustomRoleUpdated', 'CustomRoleRemoved'],
    {
      name,
      scope: value('String', 'Where it could be assigned.', text('scope')),
      actions: value('String', 'What it allowed, as action strings.', texts('actions'), list),
      customRole: one(
        'Role',
        'The role as it is now; null when there is none any more, or the viewer may not see it.',
        (row, role) => `${role}.id = ${row}.detail->>'roleId'`,
      ),
    },
  ),
]
