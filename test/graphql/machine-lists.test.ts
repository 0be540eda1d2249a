import { beforeAll, describe, expect, it } from 'vitest'
import type { Viewer } from '../../src/access/viewer.ts'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { useDatabase } from '../support/database.ts'
import { ask } from './support/ask.ts'
import { person } from './support/context.ts'
import {
  accountId,
  machineKey,
  resourceGroup,
  subscription,
  writeShadow,
  writeSmallEstate,
} from './support/small-estate.ts'

const database = useDatabase()
const ada = person('ada', 'POLICY_ADMIN')
const names = ['web-prod', 'Web_prod', 'web.prod', 'api-1', 'db', 'db-2']

beforeAll(async () => {
  const { store } = database
  await writeSmallEstate(store, names)
  const write = (text: string, ...values: unknown[]) => store.pool.query(text, values)
  const tag = (name: string, tags: object) =>
    write('update virtual_machines set tags = $2 where id = $1', machineKey(name), JSON.stringify(tags))
  await tag('web-prod', { Environment: 'Production', team: 'shop' })
  await tag('api-1', { environment: 'production', Team: 'shop', empty: '' })
  await tag('db', { ENVIRONMENT: 'Production' })
  await write(`update virtual_machines set resource_group = 'RG-Data' where name in ('db', 'db-2')`)
  await write(
    `update virtual_machine_interfaces set addresses = '{10.20.30.40}', public_addresses = '{198.51.100.7,2001:db8::7}'
     where vm_id = $1`,
    machineKey('api-1'),
  )
  await write(`update virtual_machines set gone_at = gateway_now() where name = 'db-2'`)
  await enableJit({ store, viewer: ada }, { vmIds: [machineKey('web-prod'), machineKey('db')] })
  await writeShadow(store, 'db')
})

type Answer = { virtualMachines: { totalCount: number; nodes: { name: string }[] }; virtualMachineCounts: object }
const document = `query ($filter: VirtualMachineFilter, $orderBy: VirtualMachineOrder) {
  virtualMachines(first: 50, filter: $filter, orderBy: $orderBy) { totalCount nodes { name } }
  virtualMachineCounts(filter: $filter) { configured notConfigured unsupported } }`
const asked = (filter: object, viewer: Viewer = ada, orderBy?: string) =>
  ask<Answer>(database.store, viewer, document, { filter, orderBy })
/** The names of the machines that a filter lets through, in the order of the alphabet. */
const found = async (filter: object) => {
  const { virtualMachines } = await asked(filter)
  expect(virtualMachines.nodes).toHaveLength(virtualMachines.totalCount)
  return virtualMachines.nodes.map(({ name }) => name).toSorted()
}

describe('a search', () => {
  it('finds a part of the name, of the resource group or of an address, in any case', async () => {
    expect(await found({ search: 'PROD' })).toEqual(['Web_prod', 'web-prod', 'web.prod'])
    expect(await found({ search: 'g-dat' })).toEqual(['db'])
    expect(await found({ search: '20.30' })).toEqual(['api-1'])
    expect(await found({ search: '198.51.100.7' })).toEqual(['api-1'])
    expect(await found({ search: '2001:DB8' })).toEqual(['api-1'])
    expect(await found({ search: 'nothing' })).toEqual([])
  })

  it('takes each letter for itself', async () => {
    expect(await found({ search: 'web_prod' })).toEqual(['Web_prod'])
    expect(await found({ search: 'web.prod' })).toEqual(['web.prod'])
    for (const search of ['%', 'web%prod', '\\', "'", '\n', '{}']) expect(await found({ search })).toEqual([])
  })

  it('of one letter or two finds the beginning of names', async () => {
    expect(await found({ search: 'W' })).toEqual(['Web_prod', 'web-prod', 'web.prod'])
    expect(await found({ search: 'ap' })).toEqual(['api-1'])
    expect(await found({ search: 'pi' })).toEqual([])
    expect(await found({ search: '_' })).toEqual([])
  })

  it('of nothing leaves nothing out', async () => {
    expect(await found({ search: '' })).toEqual(await found({}))
  })

  it('finds a machine by the addresses that it has now', async () => {
    const { pool } = database.store
    const id = `${machineKey('desk')}/nic`
    const addressed = (address: string) =>
      pool.query('update virtual_machine_interfaces set addresses = array[$2] where id = $1', [id, address])
    await addressed('172.16.9.9')
    expect(await found({ search: '172.16.9' })).toEqual(['desk'])
    await addressed('172.16.8.8')
    expect(await found({ search: '172.16.9' })).toEqual([])
    await pool.query(
      `insert into virtual_machine_interfaces (id, vm_id, account_id, "primary", addresses, generation)
       values ($1 || '-2', $2, $3, false, '{172.16.7.7}', 1)`,
      [id, machineKey('desk'), subscription],
    )
    expect(await found({ search: '172.16.7' })).toEqual(['desk'])
    await pool.query(`update virtual_machine_interfaces set vm_id = $2 where id = $1 || '-2'`, [
      id,
      machineKey('relic'),
    ])
    expect(await found({ search: '172.16.7' })).toEqual(['relic'])
    await pool.query(`delete from virtual_machine_interfaces where id = $1 || '-2'`, [id])
    expect(await found({ search: '172.16.7' })).toEqual([])
    expect(await found({ search: '172.16.8' })).toEqual(['desk'])
  })
})

describe('a filter by tags', () => {
  it('takes names in any case and values as they are, as Azure does', async () => {
    expect(await found({ tags: [{ name: 'environment' }] })).toEqual(['api-1', 'db', 'web-prod'])
    expect(await found({ tags: [{ name: 'Environment', value: 'Production' }] })).toEqual(['db', 'web-prod'])
    expect(await found({ tags: [{ name: 'environment', value: 'production' }] })).toEqual(['api-1'])
    expect(await found({ tags: [{ name: 'environment', value: 'Prod' }] })).toEqual([])
    expect(await found({ tags: [{ name: 'empty', value: '' }] })).toEqual(['api-1'])
  })

  it('lets through what has all of them', async () => {
    expect(await found({ tags: [{ name: 'environment' }, { name: 'team', value: 'shop' }] })).toEqual([
      'api-1',
      'web-prod',
    ])
    expect(await found({ tags: [{ name: 'environment', value: 'Production' }, { name: 'team' }] })).toEqual([
      'web-prod',
    ])
  })

  it('is refused without a tag, and with too many', async () => {
    await expect(asked({ tags: [] })).rejects.toThrow('Name at least one tag, or leave the list out.')
    const many = Array.from({ length: 21 }, (_, index) => ({ name: String(index) }))
    await expect(asked({ tags: many })).rejects.toThrow('At most 20 tags can be given.')
  })
})

describe('other filters', () => {
  it('take an account, a resource group in any case, a system, a reason, and what is exposed', async () => {
    expect(await found({ accounts: [accountId] })).toHaveLength(7)
    expect(await found({ resourceGroup: 'rg-DATA' })).toEqual(['db'])
    expect(await found({ os: ['WINDOWS'] })).toEqual(['desk'])
    expect(await found({ unsupportedReasons: ['CLASSIC', 'OTHER'] })).toEqual(['relic'])
    expect(await found({ unsupportedReasons: ['OTHER'] })).toEqual([])
    expect(await found({ exposed: true })).toEqual(['db'])
    expect(await found({ exposed: false, jitStatus: ['CONFIGURED'] })).toEqual(['web-prod'])
  })

  it('must all hold together', async () => {
    expect(await found({ search: 'web', tags: [{ name: 'team' }], jitStatus: ['CONFIGURED'] })).toEqual(['web-prod'])
    expect(await found({ search: 'web', exposed: true })).toEqual([])
    expect(await found({ search: 'db', includeGone: true })).toEqual(['db', 'db-2'])
  })

  it('are in the order that is asked for, also where what they let through is gathered first', async () => {
    const inOrder = async (orderBy: string) =>
      (await asked({ search: 'prod' }, ada, orderBy)).virtualMachines.nodes.map(({ name }) => name)
    expect(await inOrder('NAME')).toEqual(['Web_prod', 'web-prod', 'web.prod'])
    expect(await inOrder('NAME_DESCENDING')).toEqual(['web.prod', 'web-prod', 'Web_prod'])
  })

  it('page through what is gathered, forwards and backwards', async () => {
    const page = `query ($first: Int, $after: String, $last: Int, $before: String) {
      virtualMachines(first: $first, after: $after, last: $last, before: $before, filter: { search: "prod" }) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { name } } }`
    const ask_ = async (variables: object) => (await ask<any>(database.store, ada, page, variables)).virtualMachines
    const first = await ask_({ first: 2 })
    expect(first).toMatchObject({ totalCount: 3, nodes: [{ name: 'Web_prod' }, { name: 'web-prod' }] })
    const next = await ask_({ first: 2, after: first.pageInfo.endCursor })
    expect(next).toMatchObject({
      nodes: [{ name: 'web.prod' }],
      pageInfo: { hasNextPage: false, hasPreviousPage: true },
    })
    const back = await ask_({ last: 2, before: next.pageInfo.startCursor })
    expect(back.nodes).toEqual(first.nodes)
  })
})

describe('the counts by status', () => {
  const everyFilter = [
    {},
    { accounts: [accountId] },
    { accounts: [] },
    { includeGone: false },
    { includeGone: true },
    { search: 'prod' },
    { tags: [{ name: 'team' }] },
    { os: ['LINUX'] },
    { exposed: true },
  ]
  const statuses = ['CONFIGURED', 'NOT_CONFIGURED', 'UNSUPPORTED']

  it.each([
    ['everything', ada, 7],
    ['an account', person('alan', 'READER', `/subscriptions/${subscription}`), 7],
    ['a resource group', person('grace', 'READER', resourceGroup), 7],
    ['a machine', person('rita', 'READER', machineKey('db')), 1],
    ['nothing', person('nobody', null), 0],
  ])('are the lengths of the three lists under the same filter, for who sees %s', async (_what, viewer, all) => {
    expect((await asked({}, viewer)).virtualMachines.totalCount).toBe(all)
    for (const filter of everyFilter) {
      const [configured, notConfigured, unsupported] = await Promise.all(
        statuses.map(
          async (status) => (await asked({ ...filter, jitStatus: [status] }, viewer)).virtualMachines.totalCount,
        ),
      )
      const counts = { configured, notConfigured, unsupported }
      for (const given of [filter, { ...filter, jitStatus: ['UNSUPPORTED'] }])
        expect([filter, (await asked(given, viewer)).virtualMachineCounts]).toEqual([filter, counts])
    }
  })

  it('are not all the same', async () => {
    expect((await asked({})).virtualMachineCounts).toEqual({ configured: 2, notConfigured: 4, unsupported: 1 })
    expect((await asked({ includeGone: true })).virtualMachineCounts).toMatchObject({ notConfigured: 5 })
  })
})
