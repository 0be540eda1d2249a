import { actions } from '../access/role.ts'
import { may, type Viewer } from '../access/viewer.ts'
import { assignedRoles } from '../store/assigned-roles.ts'
import type { Transaction } from '../store/store.ts'

/**
 * Whether the right to ask at any of these machines comes from the configuration: from no role that is assigned. What has
 * to wait is evaluated again when it is to take effect, and only assigned roles can have been removed by then.
 */
export async function isConfigured(tx: Transaction, viewer: Viewer, vmIds: readonly string[]): Promise<boolean> {
  const [rolesHeld = []] = await assignedRoles(tx, [viewer])
  const assigned = { ...viewer, rolesHeld }
  return vmIds.some((vmId) => !may(assigned, actions.requestAccess, vmId))
}
