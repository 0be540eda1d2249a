import { beforeAll, describe, expect, it } from 'vitest'
import { globalId } from '../../src/graphql/global-id.ts'
import { useDatabase } from '../support/database.ts'
import { ask } from './support/ask.ts'
import { person } from './support/context.ts'
import { writePast } from './support/past-grants.ts'
import { boundaryKey, machineKey, resourceGroup, subscription, writeSmallEstate } from './support/small-estate.ts'

const database = useDatabase()
const [ada, rob] = [person('ada', 'POLICY_ADMIN'), person('rob', null)]
const fw = boundaryKey('fw')

beforeAll(async () => {
  await writeSmallEstate(database.store, ['web'])
  const { pool } = database.store
  await pool.query(
    `insert into boundaries (id, kind, account_id, resource_group_id, resource_group, name, location, rules, observed_at,
       generation) values ($1, 'AZURE_FIREWALL', $2, $3, 'shop', 'fw', 'westeurope', '[]', gateway_now(), 1)`,
    [fw, subscription, resourceGroup],
  )
  await pool.query('insert into boundary_reconciles (boundary_id, account_id, write_ms) values ($1, $2, 240000)', [
    fw,
    subscription,
  ])
})

interface Case {
  readonly port?: number
  readonly protocol?: string
  readonly sources?: readonly string[]
  readonly user?: string | null
  readonly addresses?: readonly string[]
  readonly publicAddresses?: readonly string[]
  /** Whether a firewall stands before the machine, and what it was last seen to show for the grant. */
  readonly firewall?: { readonly status: string; readonly port: number } | null
  readonly state?: string
}

/** Where an active grant of rob's says to connect to. */
async function detailsOf(given: Case, viewer = rob) {
  const {
    port = 22,
    protocol = 'TCP',
    sources = ['203.0.113.7/32'],
    user = null,
    firewall = null,
    state = 'ACTIVE',
  } = given
  const { pool } = database.store
  const [id] = await writePast(database.store, {
    machine: 'web',
    by: 'rob',
    asked: 7_200,
    activated: 3_600,
    ports: [port],
  })
  await pool.query(
    `update virtual_machine_interfaces set addresses = $2, public_addresses = $3, network_boundary_id = $4 where vm_id = $1`,
    [machineKey('web'), given.addresses ?? ['10.0.0.4'], given.publicAddresses ?? [], firewall === null ? null : fw],
  )
  await pool.query('update virtual_machines set admin_user_name = $2 where id = $1', [machineKey('web'), user])
  await pool.query(
    `update grants set sources = $2, protocol = $3::protocol, ends_at = '2126-01-01T12:00:00Z',
       activated_at = '2126-01-01T10:00:00Z', state = $4::grant_state, end_reason = 'RELEASED' where id = $1`,
    [id, sources, protocol, state],
  )
  if (firewall !== null)
    await pool.query(
      `insert into enforcements (grant_id, boundary_id, status, public_address, public_port)
       values ($1, $2, $3, '198.51.100.1', $4)`,
      [id, fw, firewall.status, firewall.port],
    )
  const document = `query ($id: ID!) { grant(id: $id) { connection { address port command until userName } } }`
  const { grant } = await ask<any>(database.store, viewer, document, { id: globalId('Grant', id ?? '') })
  return grant.connection
}

const through = { status: 'OPEN', port: 20_022 }

describe('where to connect to', () => {
  it.each<[string, Case, string, number]>([
    ['the public address of the machine', { publicAddresses: ['198.51.100.9'] }, '198.51.100.9', 22],
    [
      'the private one for whoever comes from within',
      { publicAddresses: ['198.51.100.9'], sources: ['10.1.0.0/16'] },
      '10.0.0.4',
      22,
    ],
    ['the private one where it has no other', {}, '10.0.0.4', 22],
    [
      'one of the family of the sources',
      { addresses: ['10.0.0.4', 'fd00::4'], sources: ['2001:db8::/32'] },
      'fd00::4',
      22,
    ],
    ['the port of the firewall', { publicAddresses: ['198.51.100.9'], firewall: through }, '198.51.100.1', 20_022],
  ])('is %s', async (_, given, address, port) => {
    expect(await detailsOf(given)).toMatchObject({ address, port })
  })

  it('is the machine for who comes from within past a firewall', async () => {
    const firewall = { status: 'ABSENT', port: 20_022 }
    expect(await detailsOf({ sources: ['10.1.0.0/16'], firewall })).toMatchObject({ address: '10.0.0.4', port: 22 })
  })

  it('is nowhere while the firewall does not let it in, nor before and after the window', async () => {
    expect(await detailsOf({ firewall: { status: 'ABSENT', port: 20_022 } })).toBeNull()
    expect(await detailsOf({ state: 'CLOSING' })).toBeNull()
  })

  it('is for whoever may see the grant', async () => {
    expect(await detailsOf({}, ada)).toMatchObject({ address: '10.0.0.4' })
  })

  it('is good until the window ends, and through a firewall until it begins to shut', async () => {
    expect((await detailsOf({})).until).toBe('2126-01-01T12:00:00.000Z')
    expect((await detailsOf({ firewall: through })).until).toBe('2126-01-01T11:52:00.000Z')
  })
})

describe('the line that connects', () => {
  it.each<[Case, string | null]>([
    [{}, 'ssh 10.0.0.4'],
    [{ user: 'azureadmin' }, 'ssh azureadmin@10.0.0.4'],
    [{ user: 'azureadmin', firewall: through }, 'ssh -p 20022 azureadmin@198.51.100.1'],
    [{ user: 'x; rm -rf ~', firewall: through }, 'ssh -p 20022 198.51.100.1'],
    [{ user: '-oProxyCommand=x' }, 'ssh 10.0.0.4'],
    [{ addresses: ['fd00::4'], sources: ['2001:db8::/32'], user: 'ops' }, 'ssh ops@fd00::4'],
    [{ port: 3389 }, 'mstsc /v:10.0.0.4'],
    [{ port: 3389, firewall: through }, 'mstsc /v:198.51.100.1:20022'],
    [{ port: 3389, addresses: ['fd00::4'], sources: ['2001:db8::/32'] }, 'mstsc /v:[fd00::4]'],
    [{ port: 5985, firewall: through }, 'Enter-PSSession -ComputerName 198.51.100.1 -Port 20022'],
    [{ port: 5986 }, 'Enter-PSSession -ComputerName 10.0.0.4 -Port 5986 -UseSSL'],
    [{ port: 8443 }, null],
    [{ port: 22, protocol: 'UDP' }, null],
    [{ port: 22, protocol: 'ANY' }, 'ssh 10.0.0.4'],
  ])('for %j is %s', async (given, command) => {
    expect((await detailsOf(given)).command).toBe(command)
  })
})
