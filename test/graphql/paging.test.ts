import { beforeAll, describe, expect, it } from 'vitest'
import { contextOf, person } from './support/context.ts'
import { ask, schema } from './support/ask.ts'
import { graphql } from 'graphql'
import { useDatabase } from '../support/database.ts'
import { settled } from '../support/settled.ts'
import { globalId } from '../../src/graphql/global-id.ts'
import { machineKey, resourceGroup, subscription, writeSmallEstate } from './support/small-estate.ts'

const database = useDatabase()
const reader = person('cleo', 'READER')
const count = 9

beforeAll(async () => {
  await writeSmallEstate(
    database.store,
    Array.from({ length: count - 2 }, (_, index) => `vm-${index}`),
  )
  // Ties on purpose: the order by name is only total with the id behind it.
  await database.store.pool.query(`update virtual_machines set name = 'twin' where name <> 'desk'`)
  await database.store.pool.query(
    `insert into activities (kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id, detail)
     select 'VirtualMachineGone', 'GATEWAY', 'gateway', 'JIT Gateway', $1, $2, $3, jsonb_build_object('name', n::text)
     from generate_series(1, $4::int) n`,
    [subscription, resourceGroup, machineKey('vm-0'), count],
  )
  await settled(database.store)
})

const document = (field: string, order: string) => `
  query ($first: Int, $after: String, $last: Int, $before: String) {
    page: ${field}(first: $first, after: $after, last: $last, before: $before${order}) {
      totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }`

describe.each([
  ['virtualMachines', ''],
  ['virtualMachines', ', orderBy: NAME_DESCENDING'],
  ['virtualMachines', ', orderBy: RESOURCE_ID'],
  ['activity', ''],
  ['activity', ', orderBy: OLDEST_FIRST'],
])('pages of %s%s', (field, order) => {
  const read = async (variables: object) =>
    (await ask<any>(database.store, reader, document(field, order), variables)).page
  const idsOf = (page: any) => page.edges.map(({ node }: any) => node.id as string)

  it('hold every row exactly once, in one order, from either end and in every size', async () => {
    const all = idsOf(await read({ first: 100 }))
    expect(new Set(all).size).toBe(count)
    for (let size = 1; size <= count + 1; size += 1) {
      const forward: string[] = []
      for (let after: string | null = null; ;) {
        const page: any = await read({ first: size, after })
        forward.push(...idsOf(page))
        expect(page.totalCount).toBe(count)
        expect(page.pageInfo.hasPreviousPage).toBe(after !== null)
        expect(page.pageInfo.hasNextPage).toBe(forward.length < count)
        after = page.pageInfo.endCursor
        if (!page.pageInfo.hasNextPage) break
      }
      expect(forward).toEqual(all)
      const backward: string[] = []
      for (let before: string | null = null; ;) {
        const page: any = await read({ last: size, before })
        backward.unshift(...idsOf(page))
        expect(page.pageInfo.hasPreviousPage).toBe(backward.length < count)
        before = page.pageInfo.startCursor
        if (!page.pageInfo.hasPreviousPage) break
      }
      expect(backward).toEqual(all)
    }
  })
})

describe('a page', () => {
  const refusal = async (source: string, variables: Record<string, unknown> = {}) => {
    const contextValue = contextOf(database.store, reader)
    const { errors } = await graphql({ schema, source, contextValue, variableValues: variables })
    return errors?.map(({ message, extensions }) => ({ message, code: extensions['code'] }))
  }

  it.each([
    ['virtualMachines(first: 101)', /from 0 to 100/],
    ['virtualMachines(first: -1)', /from 0 to 100/],
    ['virtualMachines(last: 1000)', /from 0 to 100/],
    ['virtualMachines(first: 1, last: 1)', /not both/],
    ['virtualMachines(after: "nonsense")', /cursor/],
    [`virtualMachines(after: "${Buffer.from('["NAME","a","b","c"]').toString('base64url')}")`, /cursor/],
    [`virtualMachines(after: "${Buffer.from('["RESOURCE_ID","/"]').toString('base64url')}")`, /cursor/],
    ['activity(after: "MS4xLg")', /cursor/],
  ])('is refused for %s', async (field, message) => {
    expect(await refusal(`{ ${field} { nodes { id } } }`)).toEqual([
      { message: expect.stringMatching(message), code: 'BAD_USER_INPUT' },
    ])
  })

  it('may be empty, and then has neither cursor', async () => {
    const { virtualMachines } = await ask<any>(
      database.store,
      reader,
      '{ virtualMachines(first: 0) { nodes { id } pageInfo { startCursor endCursor hasNextPage } } }',
    )
    expect(virtualMachines).toEqual({
      nodes: [],
      pageInfo: { startCursor: null, endCursor: null, hasNextPage: true },
    })
  })

  it.each([
    ['an id of another type', globalId('Grant', '00000000-0000-4000-8000-00000000dead')],
    ['no id at all', "x'; drop table grants; --"],
    ['a megabyte', 'A'.repeat(1_000_000)],
    ['a zero character', '\u0000'],
  ])('by id is refused for %s', async (_what, id) => {
    expect(await refusal('query ($id: ID!) { virtualMachine(id: $id) { id } }', { id })).toMatchObject([
      { code: 'BAD_USER_INPUT' },
    ])
  })

  it('of things by id holds at most a hundred', async () => {
    const ids = Array.from({ length: 101 }, () => globalId('VirtualMachine', machineKey('vm-0')))
    expect(await refusal('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids })).toMatchObject([
      { code: 'BAD_USER_INPUT' },
    ])
  })

  it.each([
    [
      'too many rows in rows',
      '{ virtualMachines(first: 100) { nodes { grants(first: 100) { nodes { activity(first: 100) { nodes { id } } } } } } }',
    ],
    ['too many levels', `{ grants { nodes ${'{ request { grants { nodes '.repeat(6)} { id } ${'} } }'.repeat(6)} } }`],
  ])('is refused before anything is read when it asks for %s', async (_what, source) => {
    let statements = 0
    const store = { ...database.store, pool: { query: () => (statements += 1) } } as never
    const { errors } = await graphql({ schema, source, contextValue: contextOf(store, reader) })
    expect(errors?.[0]?.extensions['code']).toBe('OPERATION_TOO_COSTLY')
    expect(statements).toBe(0)
  })
})
