import { actions } from '../../access/role.ts'
import { reachOf } from '../../access/viewer.ts'
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
 * The one row of the counts of the machines `v` that are not gone, in accounts that meet `inAccounts`, as far as the
 * viewer may see them: of the tallies, by resource group where the viewer may not see all of an account. Only machines
 * that are seen without their group are counted.
 */
export function countsOfAccounts(parameters: Parameters, inAccounts: readonly string[]): string {
  const { vmIds, resourceGroupIds } = reachOf(parameters.viewer, actions.readVirtualMachine)
  if (vmIds.length > 0) return countsOfMachines(parameters, [...inAccounts, 'v.gone_at is null'])
  const level = `v.resource_group_id is ${resourceGroupIds.length > 0 ? 'not ' : ''}null`
  return countsSql(
    parameters,
    'machine_tallies',
    [...inAccounts, level],
    (which) => `coalesce(sum(v.machines) ${which}, 0)`,
  )
}

/** The same of the machines `v` that meet these conditions, each of them counted. */
export function countsOfMachines(parameters: Parameters, conditions: readonly string[]): string {
  return countsSql(parameters, 'virtual_machines', conditions, (which) => `count(*) ${which}`)
}

function countsSql(
  parameters: Parameters,
  from: string,
  conditions: readonly string[],
  machines: (which: string) => string,
): string {
  const each = jitStatuses.map(
    (status) => `${machines(`filter (where v.jit_status = '${status}')`)} as ${status.toLowerCase()}`,
  )
  const wanted = [...conditions, within(parameters, actions.readVirtualMachine, placeOfMachine('v'))].join(' and ')
  return `(select ${each.join(', ')} from ${from} v where ${wanted})`
}
