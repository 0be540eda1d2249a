import { actions } from '../../access/role.ts'
import { may } from '../../access/viewer.ts'
import { builder } from '../builder.ts'
import { globalId } from '../global-id.ts'
import { entitiesField } from '../read/entity-field.ts'
import { readIdsOf } from '../read/read.ts'
import { selectionOf } from '../read/selection.ts'
import { VirtualMachineFilter, virtualMachinePage } from '../types/virtual-machine-page.ts'
import { endError } from './live-end.ts'
import { LIST_PART, type ListUpdate } from './live-list.ts'
import { liveSource, type LiveEnd } from './live-source.ts'

const machines = virtualMachinePage('Machines.', () => 'true')

const VirtualMachineChanges = builder.objectRef<ListUpdate>('VirtualMachineChanges')
VirtualMachineChanges.implement({
  description: 'A part of a list of machines, or what changed in it.',
  extensions: { authorisation: 'Holds only machines that the viewer may see by the roles held at that moment.' },
  fields: (t) => ({
    restarts: t.exposeBoolean('restarts', {
      description:
        'True for the first part of a whole list, which is sent at the beginning and whenever what the viewer may see ' +
        'has changed, or a lockdown of more than one machine has begun or was lifted: forget all that was sent before.',
    }),
    complete: t.exposeBoolean('complete', {
      description: 'Whether all that is in the list has been sent by now; false while parts of the whole list follow.',
    }),
    virtualMachines: entitiesField(
      t,
      'VirtualMachine',
      ({ ids }) => ids,
      'Machines of the list as they are now: new ones, and those to put in the place of what was sent of them before.',
      LIST_PART,
    ),
    removedIds: t.idList({
      description: 'Ids of machines that are no longer in the list: to be taken out, where they are still held.',
      resolve: ({ removedIds }) => removedIds.map((id) => globalId('VirtualMachine', id)),
    }),
  }),
})

builder.subscriptionField('virtualMachineChanges', (t) =>
  t.field({
    type: VirtualMachineChanges,
    description:
      `Keeps a list of machines current: first the whole list, in parts of ${LIST_PART} by resource id, then what changes in ` +
      'it: status, policies, grants, lockdowns, exposures and what inventory syncs find. Changes are gathered for a ' +
      'quarter of a second. A reader that does not keep up is sent the latest state of what it missed. An error ends the stream: ' +
      '`UNAUTHENTICATED` when the access token has ended, `UNAVAILABLE` when the gateway cannot go on now. After ' +
      'either, subscribe again: the whole list is sent anew.',
    extensions: { authorisation: 'Sends what the viewer may see by the roles held at that moment.' },
    args: { filter: t.arg({ type: VirtualMachineFilter, description: 'Only machines that meet all of this.' }) },
    subscribe: (_root, args, context, info) => {
      const selection = selectionOf(info, args)
      return liveSource({
        list: {
          page: (viewer, after, limit) => readIdsOf({ ...context, viewer }, selection, machines, { after, limit }),
          among: (viewer, ids) => readIdsOf({ ...context, viewer }, selection, machines, { ids }),
          touched: ({ vmId }) => vmId,
          // A lockdown of a resource group or more is one of all machines in it.
          changedMany: ({ kind, vmId }) => vmId === null && (kind === 'LockdownBegan' || kind === 'LockdownLifted'),
          sees: (viewer, id) => may(viewer, actions.readVirtualMachine, id),
        },
      }) as AsyncIterable<ListUpdate | LiveEnd>
    },
    resolve: (item) => {
      if (typeof item === 'string') throw endError(item)
      return item
    },
  }),
)
