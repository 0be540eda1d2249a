import { builder } from '../builder.ts'
import type { Connection } from '../read/description.ts'
import { connectionOptions } from '../read/entity.ts'
import { entityNamed } from '../read/registry.ts'
import { rootOptions } from '../read/root-options.ts'
import { page as pageRoot } from '../read/roots.ts'
import { accountPage } from '../types/account.ts'
import { activityPage } from '../types/activity-page.ts'
import { boundaryPage } from '../types/boundary.ts'
import { grantPage } from '../types/grant-page.ts'
import { lockdownPage } from '../types/lockdown.ts'
import { policyPage } from '../types/policy.ts'
import { policyTemplatePage } from '../types/policy-template.ts'
import { requestPage } from '../types/request.ts'
import { rolePage } from '../types/role.ts'
import { roleAssignmentPage } from '../types/role-assignment.ts'
import { virtualMachinePage } from '../types/virtual-machine-page.ts'

/** A query for a page of things of a type. */
function page(field: string, connection: Connection): void {
  builder.queryField(field, (t) =>
    t.field({
      ...connectionOptions(field, connection),
      description: connection.description,
      ...rootOptions(entityNamed(connection.of).authorisation.rule, pageRoot(field, connection)),
    }),
  )
}

page(
  'virtualMachines',
  virtualMachinePage('Machines, by name unless another order is asked for.', () => 'true'),
)
page('policies', policyPage)
page('policyTemplates', policyTemplatePage)
page('requests', requestPage)
page(
  'grants',
  grantPage('Grants, the newest first.', () => 'true'),
)
page('lockdowns', lockdownPage)
page('activity', activityPage('What happened, the latest first unless the other order is asked for.', null))
page('boundaries', boundaryPage)
page('accounts', accountPage)
page('roles', rolePage)
page('roleAssignments', roleAssignmentPage)
