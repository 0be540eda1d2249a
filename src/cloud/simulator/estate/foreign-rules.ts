import type { RuleSketch } from './rule-sketch.ts'

// Rules as teams leave them behind. Sets that meet in one group differ in priority.

const outbound: RuleSketch = {
  name: 'DenySmtpOutBound',
  priority: 200,
  access: 'Deny',
  direction: 'Outbound',
  destination: 'Internet',
  ports: '25',
}

/** A web server behind a load balancer. */
export const webRules: readonly RuleSketch[] = [
  { name: 'AllowHttpsInbound', priority: 200, source: 'Internet', ports: '443', description: 'Storefront' },
  { name: 'AllowHttpInbound', priority: 210, source: 'Internet', ports: '80' },
  { name: 'AllowProbesInbound', priority: 220, protocol: '*', source: 'AzureLoadBalancer' },
  outbound,
]

/** The same for v6: a rule holds addresses of one family only. */
export const webRulesV6: readonly RuleSketch[] = [
  { name: 'AllowHttpsV6Inbound', priority: 240, source: '::/0', ports: ['80', '443'] },
]

/** A database that only its own network may reach; the deny takes the last priority there is. */
export const databaseRules: readonly RuleSketch[] = [
  { name: 'AllowPostgresFromVnet', priority: 300, source: 'VirtualNetwork', ports: '5432' },
  { name: 'AllowReplication', priority: 310, source: ['10.250.4.0/24', '10.250.5.0/24'], ports: '5433-5440' },
  { name: 'DenyEverythingElse', priority: 4096, access: 'Deny', protocol: '*' },
]

/** A Windows server that is managed from within the network. */
export const windowsRules: readonly RuleSketch[] = [
  { name: 'AllowSmbFromVnet', priority: 400, source: 'VirtualNetwork', ports: '445' },
  { name: 'AllowWinRmFromVnet', priority: 410, source: 'VirtualNetwork', ports: ['5985', '5986'] },
]

/** A Bastion host, in a hub, that reaches the management ports of everything behind the group. */
export const bastionRules: readonly RuleSketch[] = [
  {
    name: 'AllowBastionInbound',
    priority: 120,
    source: '10.250.0.0/26',
    ports: ['22', '3389'],
    description: 'Azure Bastion in the hub',
  },
]

/** SSH and RDP from an office's addresses. */
export function officeRules(office: string): readonly RuleSketch[] {
  return [{ name: 'AllowAdminsFromOffice', priority: 1_010, source: office, ports: ['22', '3389'] }]
}

/** As the portal leaves it: RDP open to the world, with room in front for a deny. */
export const openRdp: readonly RuleSketch[] = [{ name: 'RDP', priority: 300, ports: '3389' }]

/** As the command line leaves it: SSH open to the world, with room in front for a deny. */
export const openSsh: readonly RuleSketch[] = [{ name: 'default-allow-ssh', priority: 1_000, ports: '22' }]

/** SSH open to the world at the first priority there is: no deny can get in front of it. */
export const unstoppableSsh: readonly RuleSketch[] = [{ name: 'allow-any-ssh', priority: 100, ports: '22' }]

/** Everything open to the internet, management ports included. */
export const openToInternet: readonly RuleSketch[] = [
  { name: 'Port_Any', priority: 500, protocol: '*', source: 'Internet' },
]
