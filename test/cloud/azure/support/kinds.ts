import type { AzureOptions } from '../../../../src/cloud/azure/connect.ts'
import type { AzureFirewall, Resource, SecurityGroup } from '../../../../src/cloud/simulator/resource.ts'
import type { SimulatorOptions } from '../../../../src/cloud/simulator/start.ts'
import type { Rule } from '../../../../src/firewall/rule.ts'
import { connected, ourRule, type Connected } from './connected.ts'

/** A boundary of one kind, behind which is the machine `web`, closed; and what a test of any kind needs of it. */
export interface Guarded extends Connected {
  readonly boundaryId: string
  /** Whether a packet from 203.0.113.7 gets to SSH of the machine by what `opening` opens. */
  readonly passes: () => boolean
  /** What of the boundary nobody who writes a rule of ours may change, as text. */
  readonly lasting: () => string
  /** Somebody else edits the boundary: its tags, properties of a later day, a foreign rule's description. */
  readonly edit: (change?: (resource: Resource) => void) => void
  readonly remove: () => void
}

export interface KindUnderTest {
  readonly name: string
  readonly permission: string
  /** A rule of ours that opens SSH of the machine to 203.0.113.7. */
  readonly opening: (given?: Partial<Rule>) => Rule
  readonly guard: (more?: {
    readonly azure?: Partial<AzureOptions>
    readonly simulator?: SimulatorOptions
  }) => Promise<Guarded>
}

const home = '203.0.113.7'
const front = '203.0.113.1'

const group: KindUnderTest = {
  name: 'a network security group',
  permission: 'microsoft.network/networksecuritygroups/write',
  opening: (given) => ourRule(given),
  async guard(more = {}) {
    const foreign = [{ name: 'web', priority: 300, ports: '443' }]
    const all = await connected([{ name: 'web', rules: foreign }], more)
    const { simulator, groupId, machine } = all
    const edit = (change: (resource: Resource) => void = () => {}) => {
      simulator.edit(groupId, change)
    }
    return {
      ...all,
      boundaryId: groupId,
      passes: () =>
        simulator.packetPasses({ vmId: machine('web').vmId, source: home, port: 22, protocol: 'TCP' }).passes,
      lasting: () => lasting(simulator.read(groupId)),
      edit,
      remove: () => {
        simulator.deleteGroup(groupId)
      },
    }
  },
}

const firewall: KindUnderTest = {
  name: 'an Azure Firewall',
  permission: 'microsoft.network/azurefirewalls/write',
  opening: (given = {}) => ({
    ...ourRule(),
    destinations: [`${front}/32`],
    ports: [{ first: 20_022, last: 20_022 }],
    translatesTo: { address: '10.0.0.4', port: 22 },
    ...given,
  }),
  async guard(more = {}) {
    const nat = [{ name: 'https', port: 443, to: 'web', toPort: 8443 }]
    const sketch = { name: 'fw', publicAddresses: [front, '203.0.113.2'], nat }
    const all = await connected([{ name: 'web' }], { ...more, firewall: sketch })
    const { simulator, machine } = all
    const boundaryId = machine('web').firewallId ?? ''
    return {
      ...all,
      boundaryId,
      passes: () => simulator.packetArrives({ address: front, port: 20_022, source: home, protocol: 'TCP' }).passes,
      lasting: () => lasting(simulator.read(boundaryId)),
      edit: (change: (resource: Resource) => void = () => {}) => {
        simulator.editFirewall(boundaryId, change)
      },
      remove: () => {
        simulator.deleteFirewall(boundaryId)
      },
    }
  },
}

/** Every kind of boundary that this adapter reads and writes. */
export const kinds: readonly KindUnderTest[] = [group, firewall]

/** Without what changes with every write, and without what is ours. */
function lasting(shown: Resource | undefined): string {
  const { natRuleCollections, securityRules, ...more } = (shown as SecurityGroup & AzureFirewall).properties
  const foreign = {
    ...shown,
    properties: {
      ...more,
      securityRules: (securityRules ?? []).filter(({ name }) => !name.toLowerCase().startsWith('jitgateway-')),
      natRuleCollections: (natRuleCollections ?? []).filter(({ name }) => name !== 'JitGateway'),
    },
  }
  return JSON.stringify(foreign, (key, value: unknown) =>
    key === 'etag' || key === 'provisioningState' || key === 'defaultSecurityRules' ? undefined : value,
  )
}
