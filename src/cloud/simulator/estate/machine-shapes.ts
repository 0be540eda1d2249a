import { classicMachineType, machineType, type Resource, type VirtualMachine } from '../resource.ts'
import { guidFrom, idOf, type Place } from './place.ts'

export type OsType = 'Linux' | 'Windows'

/** `power` is Azure's word, such as `running` or `deallocated`; the first interface is the primary one. */
export function virtualMachine(
  place: Place,
  name: string,
  shape: {
    readonly os: OsType
    readonly power: string
    readonly size: string
    readonly tags: Readonly<Record<string, string>>
    readonly nicIds: readonly string[]
  },
): VirtualMachine {
  const id = idOf(place, machineType, name)
  return {
    name,
    id,
    type: machineType,
    location: place.location,
    tags: { ...shape.tags },
    properties: {
      hardwareProfile: { vmSize: shape.size },
      provisioningState: 'Succeeded',
      vmId: guidFrom(id),
      storageProfile: {
        osDisk: { osType: shape.os, name: `${name}-os`, createOption: 'FromImage', caching: 'ReadWrite' },
        dataDisks: [],
      },
      osProfile: { computerName: name, adminUsername: 'azureadmin', allowExtensionOperations: true },
      networkProfile: {
        networkInterfaces: shape.nicIds.map((nicId, index) => ({ id: nicId, properties: { primary: index === 0 } })),
      },
      timeCreated: '2025-03-14T09:26:53.589+00:00',
      instanceView: {
        computerName: name,
        statuses: [
          { code: 'ProvisioningState/succeeded', level: 'Info', displayStatus: 'Provisioning succeeded' },
          { code: `PowerState/${shape.power}`, level: 'Info', displayStatus: `VM ${shape.power}` },
        ],
      },
    },
  }
}

/** A machine of the classic deployment model: no interfaces, no security groups of today's kind. */
export function classicMachine(place: Place, name: string, os: OsType): Resource {
  return {
    name,
    id: idOf(place, classicMachineType, name),
    type: classicMachineType,
    location: place.location,
    properties: {
      provisioningState: 'Succeeded',
      hardwareProfile: { size: 'Standard_A2', deploymentName: name, platformGuestAgent: true },
      storageProfile: { operatingSystemDisk: { diskName: `${name}-os`, caching: 'ReadWrite', operatingSystem: os } },
      networkProfile: { inputEndpoints: [] },
      instanceView: { status: 'ReadyRole', powerState: 'Started', privateIpAddress: '10.200.0.4' },
    },
  }
}
