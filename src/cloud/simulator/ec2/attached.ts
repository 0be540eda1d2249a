import type { NetworkInterface } from './resource.ts'
import type { Tables } from './world.ts'

/** The interfaces of each instance, the primary one first. */
export function attachedInterfaces({ interfaces }: Tables): ReadonlyMap<string, readonly NetworkInterface[]> {
  const found = new Map<string, NetworkInterface[]>()
  for (const nic of interfaces.values()) {
    if (nic.attachment === null) continue
    const nics = found.get(nic.attachment.instanceId)
    if (nics === undefined) found.set(nic.attachment.instanceId, [nic])
    else nics.push(nic)
  }
  for (const nics of found.values())
    nics.sort((left, right) => (left.attachment?.deviceIndex ?? 0) - (right.attachment?.deviceIndex ?? 0))
  return found
}
