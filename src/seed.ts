import { cloudOf } from './access/scope.ts'
import { gatewayActor } from './access/words.ts'
import type { Viewer } from './access/viewer.ts'
import { assignRole } from './commands/assign-role.ts'
import { registerAccount } from './commands/register-account.ts'
import type { LocalPerson } from './server/identity/local-issuer.ts'
import type { Store } from './store/store.ts'

/** An account to take under management; null names it by its id. */
export interface AccountToManage {
  readonly id: string
  readonly name: string | null
}

/** The gateway itself, as the viewer of what the configuration asks for. */
const gateway: Viewer = {
  actor: gatewayActor,
  groups: [],
  appRoles: [],
  rolesHeld: [{ role: 'POLICY_ADMIN', scope: '/' }],
  address: null,
}

/** Registers the accounts and assigns the local people their roles; what is there already stays as it is. */
export async function seed(
  store: Store,
  accounts: readonly AccountToManage[],
  people: readonly LocalPerson[],
): Promise<void> {
  const context = { store, viewer: gateway }
  for (const { id, name } of accounts)
    await registerAccount(context, { [cloudOf(id) === 'AWS' ? 'awsAccountId' : 'subscriptionId']: id, name })
  for (const { id, role } of people)
    await assignRole(context, { principalKind: 'USER', principalId: id, role, scope: '/' })
}
