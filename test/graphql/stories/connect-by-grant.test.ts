import { expect, test } from 'vitest'
import { globalId } from '../../../src/graphql/global-id.ts'
import * as estate from '../support/small-estate.ts'
import { requester, useTeller } from './support/teller.ts'

const { machineKey } = estate
const { database, tell, grantTo } = useTeller()

/** Opens a grant behind a firewall, as the enforcer records it. */
async function openThroughFirewall(grant: string, machine: string) {
  const fw = estate.boundaryKey('fw')
  const { pool } = database.store
  await pool.query(
    `insert into boundaries (id, kind, account_id, resource_group_id, resource_group, name, location, rules, observed_at,
       public_addresses, generation)
     values ($1, 'AZURE_FIREWALL', $2, $3, 'shop', 'fw', 'westeurope', '[]', gateway_now(), '{198.51.100.1}', 1)`,
    [fw, estate.subscription, estate.resourceGroup],
  )
  await pool.query(`insert into boundary_reconciles (boundary_id, account_id) values ($1, $2)`, [
    fw,
    estate.subscription,
  ])
  await pool.query(`update virtual_machine_interfaces set network_boundary_id = $1 where vm_id = $2`, [
    fw,
    machineKey(machine),
  ])
  const { rows } = await pool.query<{ id: string }>(`select id from grants where vm_id = $1`, [machineKey(machine)])
  expect(globalId('Grant', rows[0]?.id ?? '')).toBe(grant)
  await pool.query(
    `insert into enforcements (grant_id, boundary_id, status, rule_name, public_address, public_port)
     values ($1, $2, 'OPEN', 'JitGateway-Allow-1', '198.51.100.1', 20022)`,
    [rows[0]?.id, fw],
  )
  await pool.query(
    `update grants set state = 'ACTIVE', activated_at = gateway_now(), ends_at = '2126-01-01T12:00:00Z' where id = $1`,
    [rows[0]?.id],
  )
}

test('a requester is told where to connect to, through a firewall too', async () => {
  const { grant } = await grantTo('web-21')
  await openThroughFirewall(grant, 'web-21')
  const { grants } = await tell('connect-by-grant', {}, requester)
  const [mine] = grants.nodes.filter(({ id }: { id: string }) => id === grant)
  expect(mine).toMatchObject({
    port: 22,
    virtualMachine: { name: 'web-21', guardedBy: 'AZURE_FIREWALL' },
    connection: {
      address: '198.51.100.1',
      port: 20_022,
      userName: null,
      command: 'ssh -p 20022 198.51.100.1',
      until: '2126-01-01T12:00:00.000Z',
    },
  })
})
