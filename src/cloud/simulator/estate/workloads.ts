import type { OsType } from './machine-shapes.ts'
import * as rules from './foreign-rules.ts'
import type { FirewallSketch, MachineSketch } from './sketch.ts'

/** What a seed decides. */
export interface Dice {
  /** One of a list. */
  pick<Item>(items: readonly [Item, ...Item[]]): Item
  /** The addresses of an office, as a v4 CIDR. */
  readonly office: string
  /** A public address that was not drawn before. */
  publicAddress(): string
}

/** A network's name and machines, without its place. */
export interface Workload {
  readonly network: string
  readonly machines: readonly MachineSketch[]
  readonly firewall?: FirewallSketch
}

const sizes = ['Standard_B2ms', 'Standard_D2s_v5', 'Standard_D4s_v5', 'Standard_E4s_v5'] as const

/** `web-prod-01`, `web-prod-02` and so on. */
function several(
  count: number,
  prefix: string,
  sketch: (index: number) => Omit<MachineSketch, 'name'>,
): MachineSketch[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `${prefix}-${String(index + 1).padStart(2, '0')}`,
    ...sketch(index),
  }))
}

function common(dice: Dice, os: OsType, environment: string, team: string) {
  return { os, size: dice.pick(sizes), tags: { environment, team } }
}

/** A storefront: web servers that share a subnet and its group, some with v6; two with a public address. */
export function storefront(dice: Dice, webServers: number): Workload {
  const office = rules.officeRules(dice.office)
  return {
    network: 'vnet-storefront',
    machines: [
      ...several(webServers, 'web-prod', (index) => ({
        ...common(dice, 'Linux', 'production', 'storefront'),
        subnet: 'snet-web',
        rules: [...rules.webRules, ...office, ...rules.webRulesV6],
        ipv6: index % 3 === 0,
        ...(index < 2 ? { publicAddress: dice.publicAddress() } : {}),
      })),
      ...several(4, 'api-prod', () => ({
        ...common(dice, 'Linux', 'production', 'storefront'),
        subnet: 'snet-api',
        nsgs: 'both',
        nicNsg: 'nsg-api-nics',
        rules: [...rules.bastionRules, ...rules.webRules],
      })),
      ...several(4, 'db-prod', () => ({
        ...common(dice, 'Linux', 'production', 'data'),
        subnet: 'snet-data',
        nsgs: 'both',
        nics: 2,
        rules: [...rules.bastionRules, ...rules.databaseRules],
      })),
    ],
  }
}

/** Bought software on Windows, with a group on each interface, and RDP that somebody opened to the world. */
export function backOffice(dice: Dice): Workload {
  return {
    network: 'vnet-backoffice',
    machines: [
      ...several(4, 'erp-app', () => ({
        ...common(dice, 'Windows', 'production', 'finance'),
        subnet: 'snet-erp',
        nsgs: 'nic',
        rules: rules.windowsRules,
      })),
      ...several(2, 'erp-rds', () => ({
        ...common(dice, 'Windows', 'production', 'finance'),
        nsgs: 'nic',
        rules: [...rules.windowsRules, ...rules.openRdp],
        publicAddress: dice.publicAddress(),
      })),
      ...several(2, 'sql-prod', () => ({
        ...common(dice, 'Windows', 'production', 'finance'),
        subnet: 'snet-sql',
        nsgs: 'both',
        nics: 2,
        rules: [...rules.bastionRules, ...rules.databaseRules],
        nicRules: rules.windowsRules,
      })),
    ],
  }
}

/** What everybody leans on: directory, monitoring, and an old jump host that nothing can be put in front of. */
export function sharedServices(dice: Dice): Workload {
  return {
    network: 'vnet-hub',
    machines: [
      ...several(2, 'dc', () => ({
        ...common(dice, 'Windows', 'production', 'platform'),
        subnet: 'snet-identity',
        rules: [...rules.bastionRules, ...rules.windowsRules],
      })),
      ...several(3, 'monitor', () => ({
        ...common(dice, 'Linux', 'production', 'platform'),
        subnet: 'snet-monitoring',
        rules: [...rules.bastionRules, ...rules.officeRules(dice.office)],
        ipv6: true,
      })),
      {
        name: 'jump-01',
        ...common(dice, 'Linux', 'production', 'platform'),
        nsgs: 'both',
        rules: rules.unstoppableSsh,
        publicAddress: dice.publicAddress(),
      },
      { name: 'proxy-01', ...common(dice, 'Linux', 'production', 'platform'), nsgs: 'none' },
    ],
  }
}

/** Payments, behind a firewall with rules of its own; the batch server has nothing else to guard it. */
export function payments(dice: Dice): Workload {
  return {
    network: 'vnet-payments',
    firewall: {
      name: 'fw-payments',
      publicAddresses: [dice.publicAddress()],
      nat: [{ name: 'shop-to-payments', sources: ['198.51.100.0/24'], port: 443, to: 'pay-app-01', toPort: 8443 }],
    },
    machines: [
      ...several(3, 'pay-app', () => ({
        ...common(dice, 'Linux', 'production', 'payments'),
        subnet: 'snet-pay-app',
        rules: [...rules.bastionRules, ...rules.databaseRules],
      })),
      { name: 'pay-desk-01', ...common(dice, 'Windows', 'production', 'payments'), rules: rules.windowsRules },
      { name: 'pay-batch-01', ...common(dice, 'Linux', 'production', 'payments'), nsgs: 'none' },
    ],
  }
}

/** Partners' servers, behind a firewall whose rules Firewall Manager keeps in a policy. */
export function partners(dice: Dice): Workload {
  return {
    network: 'vnet-partners',
    firewall: { name: 'fw-partners', publicAddresses: [dice.publicAddress()], policy: 'fwp-partners' },
    machines: several(2, 'partner', () => ({
      ...common(dice, 'Linux', 'production', 'platform'),
      subnet: 'snet-partners',
    })),
  }
}

/** A bought appliance, which its maker looks after. */
export function boughtAppliances(dice: Dice): Workload {
  return {
    network: 'vnet-appliances',
    machines: [{ name: 'scanner-01', ...common(dice, 'Linux', 'production', 'platform'), rules: rules.bastionRules }],
  }
}

/** Where developers try things: opened, switched off, left alone. */
export function playground(dice: Dice, boxes: number): Workload {
  return {
    network: 'vnet-dev',
    machines: [
      ...several(boxes, 'devbox', (index) => ({
        ...common(
          dice,
          index % 4 === 3 ? 'Windows' : 'Linux',
          'development',
          dice.pick(['storefront', 'data', 'finance']),
        ),
        nsgs: 'nic',
        rules: index % 4 === 3 ? rules.openRdp : rules.openSsh,
        power: index % 3 === 1 ? 'deallocated' : 'running',
        ...(index === 0 ? { publicAddress: null } : {}),
      })),
      ...several(6, 'build', (index) => ({
        ...common(dice, 'Linux', 'development', 'platform'),
        subnet: 'snet-build',
        rules: rules.officeRules(dice.office),
        power: index === 5 ? 'stopped' : 'running',
      })),
      ...several(2, 'demo', () => ({
        ...common(dice, 'Linux', 'development', 'sales'),
        rules: rules.openToInternet,
        publicAddress: dice.publicAddress(),
      })),
      ...several(2, 'scratch', () => ({ ...common(dice, 'Linux', 'development', 'data'), nsgs: 'none' })),
    ],
  }
}
