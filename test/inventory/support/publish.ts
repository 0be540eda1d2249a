import {
  firewallType,
  interfaceType,
  publicAddressType,
  type AzureFirewall,
  type NetworkInterface,
} from '../../../src/cloud/simulator/resource.ts'
import type { Simulator } from '../../../src/cloud/simulator/start.ts'

/** A port of a machine that a firewall is made to send on to, for everybody unless sources are named. */
export interface Published {
  readonly to: string
  readonly port: number
  readonly sources?: readonly string[]
}

/** Has a simulated firewall publish ports, as whoever runs it would; answers where, in the same order. */
export function publish(
  simulator: Simulator,
  firewall: string,
  ports: readonly Published[],
): readonly { readonly address: string; readonly port: number }[] {
  const found = simulator.readAll(firewallType).find(({ name }) => name === firewall) as AzureFirewall
  const ipId = found.properties.ipConfigurations[0]?.properties.publicIPAddress?.id.toLowerCase()
  const ip = simulator.readAll(publicAddressType).find(({ id }) => id.toLowerCase() === ipId)
  const address = String(ip?.properties['ipAddress'])
  const nics = simulator.readAll(interfaceType) as NetworkInterface[]
  const addressOf = (vm: string) => {
    const nic = nics.find(({ properties }) => properties.virtualMachine?.id.split('/').at(-1) === vm)
    return nic?.properties.ipConfigurations[0]?.properties.privateIPAddress ?? ''
  }
  const publicPort = (place: number) => 2_201 + place
  simulator.editFirewall(found.id, ({ properties: { natRuleCollections } }) => {
    const [first] = natRuleCollections
    if (first === undefined) throw new Error('the firewall has no collection')
    first.properties.rules.push(
      ...ports.map(({ to, port, sources = ['*'] }, place) => ({
        name: `publish-${String(place)}`,
        protocols: ['TCP'],
        sourceAddresses: [...sources],
        destinationAddresses: [address],
        destinationPorts: [String(publicPort(place))],
        translatedAddress: addressOf(to),
        translatedPort: String(port),
      })),
    )
  })
  return ports.map((_port, place) => ({ address, port: publicPort(place) }))
}
