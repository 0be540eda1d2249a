import { reachOf } from '../../access/viewer.ts'
import { actions } from '../../access/role.ts'
import { jitStatuses } from '../../access/words.ts'
import { column } from '../read/fields.ts'
import { within, type Parameters } from '../read/parameters.ts'
import { plain } from '../read/plain.ts'
import { placeOfMachine } from './place-of-machine.ts'

plain({
  name: 'VirtualMachineCounts',
  description: 'How many machines there are of each JIT status.',
  rule: 'Counts only machines that the viewer may see.',
  fields: {
    configured: column('Int', 'Guarded by a policy.', 'configured'),
    notConfigured: column('Int', 'Could be guarded and are not.', 'not_configured'),
    unsupported: column('Int', 'Cannot be guarded.', 'unsupported'),
  },
})

/**
 * The one row of the counts of an account's machines, as far as the viewer may see them: of the tallies, by resource
 * group where the viewer may not see all of an account. Only machines that are seen without their group are counted.
 */
export function countsOfAccount(parameters: Parameters, accountId: string): string {
  const action = actions.readVirtualMachine
  const { vmIds, resourceGroupIds } = reachOf(parameters.viewer, action)
  const place = placeOfMachine('v')
  const counts = (machines: (which: string) => string, from: string, wanted: readonly string[]) => {
    const each = jitStatuses.map((status) => `${machines(`v.jit_status = '${status}'`)} as ${status.toLowerCase()}`)
    return `(select ${each.join(', ')} from ${from} v where ${[`v.account_id = ${accountId}`, ...wanted].join(' and ')})`
  }
  if (vmIds.length > 0) {
    const seen = ['v.gone_at is null', within(parameters, action, place)]
    return counts((which) => `count(*) filter (where ${which})`, 'virtual_machines', seen)
  }
  const byGroup = resourceGroupIds.length > 0
  return counts((which) => `coalesce(sum(v.machines) filter (where ${which}), 0)`, 'machine_tallies', [
    `v.resource_group_id is ${byGroup ? 'not ' : ''}null`,
    within(parameters, action, place),
  ])
}
