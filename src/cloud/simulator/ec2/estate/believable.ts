import type { Account } from '../resource.ts'
import { drawVpcs } from './draw.ts'
import type { InstanceSketch, VpcSketch } from './sketch.ts'

const account: Account = { accountId: '210987654321', name: 'Contoso on AWS', regions: ['eu-west-1', 'us-east-1'] }
const office = '198.51.100.32/28'

/** An account as a company could have it beside its subscriptions, with every kind of foreign rule that matters. */
export function believableEc2Estate() {
  return drawVpcs([account], [shop, lab]).estate
}

const production = { environment: 'production', team: 'storefront' }
const several = (count: number, name: string, sketch: Omit<InstanceSketch, 'name'>): InstanceSketch[] =>
  Array.from({ length: count }, (_, index) => ({ name: `${name}-${String(index + 1).padStart(2, '0')}`, ...sketch }))

/** A shop whose web servers share a group with SSH from the office, behind a load balancer, and a database behind them. */
const shop: VpcSketch = {
  accountId: account.accountId,
  region: 'eu-west-1',
  name: 'vpc-shop',
  network: '10.210',
  prefixLists: { 'pl-0a1b2c3d4e5f60718': [office, '198.51.100.64/28'] },
  groups: {
    web: [
      { port: 443, from: 'balancer', description: 'Storefront' },
      { port: 22, from: office, description: 'Admins from the office' },
    ],
    balancer: [{ port: 443 }, { port: 443, from: '::/0' }],
    data: [
      { port: 5432, from: 'web' },
      { port: 22, from: 'pl-0a1b2c3d4e5f60718', tags: { owner: 'data' } },
    ],
    'launch-wizard-1': [{ port: 22, description: 'SSH from anywhere' }],
    'launch-wizard-2': [{ port: 3389 }],
    'launch-wizard-3': [{ protocol: '-1', description: 'open for the demo' }],
  },
  services: [{ name: 'storefront', groups: ['balancer'] }],
  instances: [
    ...several(3, 'aws-web', { groups: ['web'], tags: production }),
    ...several(2, 'aws-db', { groups: ['data'], interfaces: 2, tags: { environment: 'production', team: 'data' } }),
    { name: 'aws-bastion', groups: ['launch-wizard-1'], publicAddress: '203.0.113.201', ipv6: true, tags: production },
    { name: 'aws-erp', os: 'Windows', groups: ['launch-wizard-2'], publicAddress: '203.0.113.202' },
    { name: 'aws-demo', groups: ['launch-wizard-3'], state: 'stopped' },
  ],
}

/** Where something is tried now and then. */
const lab: VpcSketch = {
  accountId: account.accountId,
  region: 'us-east-1',
  name: 'vpc-lab',
  network: '10.211',
  groups: { lab: [{ port: [1_024, 65_535], from: '10.0.0.0/8' }] },
  instances: several(2, 'aws-lab', { groups: ['lab'], tags: { environment: 'development', team: 'storefront' } }),
}
