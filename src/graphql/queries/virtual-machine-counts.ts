import { actions } from '../../access/role.ts'
import { builder } from '../builder.ts'
import { oneJson } from '../read/compile.ts'
import { filterOf } from '../read/filter-value.ts'
import type { FilterValue, Root } from '../read/description.ts'
import { entityNamed, refOf } from '../read/registry.ts'
import { rootOptions } from '../read/root-options.ts'
import { countsOfAccounts, countsOfMachines } from '../types/virtual-machine-counts.ts'
import { inAccounts, virtualMachineFilter, VirtualMachineFilter } from '../types/virtual-machine-page.ts'

/** A filter without its JIT status: the counts are of each status. */
const ofAnyStatus = (given: FilterValue): FilterValue => ({
  ...given,
  among: (name, column) => (name === 'jitStatus' ? undefined : given.among(name, column)),
})

const root: Root = {
  name: 'counts virtualMachines',
  sql(parameters, node) {
    const given = ofAnyStatus(filterOf(parameters, node))
    const kept = given.shape('includeGone') === true ? [] : ['includeGone']
    const from = given.isOnly(['accounts', 'jitStatus', ...kept])
      ? countsOfAccounts(parameters, inAccounts('v', given))
      : countsOfMachines(parameters, virtualMachineFilter.where('v', given, parameters))
    return oneJson(parameters, entityNamed('VirtualMachineCounts'), node, () => 'true', { from })
  },
}

builder.queryField('virtualMachineCounts', (t) =>
  t.field({
    type: refOf('VirtualMachineCounts'),
    description:
      'How many machines there are of each JIT status: the lengths of the three lists. With the filter of a list, those ' +
      'of the lists beside it: its `jitStatus` is left out of account.',
    args: { filter: t.arg({ type: VirtualMachineFilter, description: 'Machines that meet all of this only.' }) },
    ...rootOptions(`Counts machines at which the viewer may do ${actions.readVirtualMachine}.`, root),
  }),
)
