import { expect, it, vi } from 'vitest'
import { globalId } from '../../src/graphql/global-id.ts'
import { smallEstate, sshForAll } from '../support/cloud-estate.ts'
import { story } from './support/client.ts'
import { useWholeGateway } from './support/whole-gateway.ts'

const { estate, machine } = smallEstate(
  [
    { name: 'pay', nsgs: 'both', rules: sshForAll },
    { name: 'desk', os: 'Windows', nsgs: 'none' },
  ],
  { name: 'fw', publicAddresses: ['198.51.100.1'] },
)
const gateway = useWholeGateway(estate)

const office = '203.0.113.7'
const within = { timeout: 10_000, interval: 20 }

interface Details {
  readonly address: string
  readonly port: number
  readonly command: string
}

/** Whether what somebody sends to where the details say gets to the machine: what the cloud says. */
const arrives = ({ address, port }: Details, name: string, target: number, source = office) => {
  const { passes, reached } = gateway.simulator.packetArrives({ address, port, source, protocol: 'TCP' })
  return passes && reached?.vmId === machine(name).vmId && reached.port === target
}

it.each([
  ['pay', 22, /^ssh -p \d+ azureadmin@198\.51\.100\.1$/],
  ['desk', 3389, /^mstsc \/v:198\.51\.100\.1:\d+$/],
])(
  'a requester gets to %s through the firewall, by the line that the grant says, and not for longer',
  async (name, port, line) => {
    const vm = globalId('VirtualMachine', machine(name).vmId)
    await vi.waitFor(async () => {
      const { enableJit } = await gateway.ada.ask(story('enable-jit-with-defaults'), { virtualMachines: [vm] })
      expect(enableJit.results[0].userErrors).toEqual([])
    }, within)
    const { requestAccess } = await gateway.ben.ask(
      `mutation ($vm: ID!, $port: Int!) {
      requestAccess(input: { targets: [{ virtualMachine: $vm, ports: [{ port: $port }] }], sources: ["${office}"],
        duration: "PT10M" }) { grants { id connection { address } } userErrors { message } } }`,
      { vm, port },
    )
    expect(requestAccess).toMatchObject({ grants: [{ connection: null }], userErrors: [] })
    const [{ id }] = requestAccess.grants
    const grant = async () => (await gateway.ben.ask(story('show-grant'), { id })).grant
    await vi.waitFor(async () => expect((await grant()).state).toBe('ACTIVE'), within)

    const { grants } = await gateway.ben.ask(story('connect-by-grant'))
    const mine = grants.nodes.find((one: { id: string }) => one.id === id)
    expect(mine).toMatchObject({
      virtualMachine: { name, guardedBy: 'AZURE_FIREWALL' },
      connection: { address: '198.51.100.1' },
    })
    const details = mine.connection as Details
    expect(details.command).toMatch(line)
    expect([arrives(details, name, port), arrives(details, name, port, '203.0.113.8')]).toEqual([true, false])

    await gateway.database.advance(600_000)
    await vi.waitFor(async () => expect(await grant()).toMatchObject({ state: 'CLOSED', connection: null }), within)
    expect(arrives(details, name, port)).toBe(false)
    const { firewallId } = machine(name)
    const { boundary } = await gateway.ada.ask(story('boundary-with-rules'), {
      id: globalId('Boundary', firewallId ?? ''),
    })
    expect(boundary).toMatchObject({ kind: 'AZURE_FIREWALL', publicAddresses: ['198.51.100.1'], rules: [] })
  },
)
