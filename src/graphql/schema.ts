import type { GraphQLSchema } from 'graphql'
import { builder } from './builder.ts'
import type { OperationLimits } from './read/operation-cost.ts'
import './scalars.ts'
import './enums.ts'
import './user-error.ts'
import './types/virtual-machine-parts.ts'
import './types/virtual-machine.ts'
import './types/policy.ts'
import './types/request.ts'
import './types/grant.ts'
import './types/boundary.ts'
import './types/account.ts'
import './types/activity.ts'
import './types/role-assignment.ts'
import './queries/things.ts'
import './queries/pages.ts'
import './queries/viewer.ts'
import './verbs/register-account.ts'
import './verbs/sync-account.ts'
import './verbs/enable-jit.ts'
import './verbs/update-policy.ts'
import './verbs/disable-jit.ts'
import './verbs/request-access.ts'
import './verbs/release-grant.ts'
import './verbs/revoke-grant.ts'
import './verbs/assign-role.ts'
import './verbs/remove-role.ts'
import './events/grant-events.ts'
import './events/virtual-machine-changes.ts'

export const defaultLimits: OperationLimits = { depth: 15, breadth: 500, complexity: 50_000 }

/** The schema of the API. */
export function createSchema(limits: OperationLimits = defaultLimits): GraphQLSchema {
  return builder.toSchema({ complexity: { limit: { ...limits } }, extensions: { limits } })
}
