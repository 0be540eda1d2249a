import * as fc from 'fast-check'
import { getNamedType, type GraphQLObjectType } from 'graphql'
import { beforeAll, describe, expect, it } from 'vitest'
import { actions } from '../../../src/access/role.ts'
import type { Viewer } from '../../../src/access/viewer.ts'
import { createSchema } from '../../../src/graphql/schema.ts'
import type { Store } from '../../../src/store/store.ts'
import type { ServedGateway } from '../../server/support/gateway.ts'
import { serveReal } from '../../server/support/real-schema.ts'
import { useDatabase } from '../../support/database.ts'
import { settled } from '../../support/settled.ts'
import { ask } from '../support/ask.ts'
import { calls, everything, type Call, type Pools } from './support/documents.ts'
import { idsOf, viewers, writeOddEstate } from './support/odd-estate.ts'
import { oddTexts } from './support/odd-values.ts'

/** Documents tried; each with variables of several calls. */
const RUNS = 150

const database = useDatabase()
const pools: Pools = { ids: {}, cursors: {}, texts: [...oddTexts, 'rg', 'rita', '/', actions.readGrant] }

beforeAll(async () => {
  const { store } = database
  // Both ways must be asked at one moment.
  await store.pool
    .query(`create or replace function gateway_now() returns timestamptz language sql volatile parallel safe
    as $$ select timestamptz '2026-11-25T12:00:00.123Z' $$`)
  await writeOddEstate(store)
  await settled(store)
  Object.assign(pools.ids, await idsOf(store))
  Object.assign(pools.cursors, await someCursors(store))
})

/** Cursors of every connection, in every order, by the type of their rows and the name of the order. */
async function someCursors(store: Store): Promise<Record<string, string[]>> {
  const pages = {
    VirtualMachine: ['virtualMachines', 'NAME', 'NAME_DESCENDING', 'RESOURCE_ID'],
    Activity: ['activity', 'NEWEST_FIRST', 'OLDEST_FIRST'],
    Policy: ['policies'],
    Request: ['requests'],
    Grant: ['grants'],
    Boundary: ['boundaries'],
    Account: ['accounts'],
    Role: ['roles'],
    RoleAssignment: ['roleAssignments'],
  }
  const cursors: Record<string, string[]> = {}
  for (const [type, [field, ...orders]] of Object.entries(pages))
    for (const order of orders.length === 0 ? [null] : orders) {
      const by = order === null ? '' : `(orderBy: ${order})`
      const document = `{ page: ${String(field)}${by} { edges { cursor } } }`
      const { page } = await ask<{ page: { edges: { cursor: string }[] } }>(store, viewers[0] as Viewer, document)
      cursors[`${type} ${String(order)}`] = page.edges.map(({ cursor }) => cursor)
    }
  return cursors
}

async function bodyOf(gateway: ServedGateway, call: Call, viewer: number): Promise<string> {
  const response = await gateway.post(call, { authorization: `Bearer ${String(viewer)}` })
  // An error that is nobody's doing has a random id of its own.
  const text = (await response.text()).replaceAll(/"correlationId":"[-0-9a-f]{36}"/g, '"correlationId":""')
  return [response.status, response.headers.get('content-type'), text].join(' ')
}

describe('an answer in one statement', () => {
  const pages = Object.values(createSchema().getQueryType()?.getFields() ?? {}).filter(({ type }) =>
    getNamedType(type).name.endsWith('Connection'),
  )

  it.each(pages)(
    'has every field of $name, to the byte as the executor would answer it',
    async ({ name, type }) => {
      // Who enabled JIT is known by name only: its kind is an error.
      const body = everything(createSchema(), getNamedType(type) as GraphQLObjectType, 3, [
        'Policy.createdBy',
        'Query.viewer',
      ])
      const call = { query: `{ ${name}(first: 30) ${body} }`, variables: {} }
      const limits = { depth: 15, breadth: 10_000, complexity: 10_000_000 }
      const planned = await serveReal(database.store, viewers, { limits })
      const executed = await serveReal(database.store, viewers, { limits, plans: false })
      for (const as of viewers.keys()) {
        const answer = await bodyOf(planned, call, as)
        expect(answer).toBe(await bodyOf(executed, call, as))
        expect(answer).not.toContain('"errors":[')
      }
      expect(planned.statements).toHaveLength(viewers.length)
      // All there is to be asked of an activity is a statement of half a million characters, to be planned for each viewer.
    },
    60_000,
  )

  it('is of whatever the ids of a call stand for, in their order', async () => {
    const planned = await serveReal(database.store, viewers)
    const executed = await serveReal(database.store, viewers, { plans: false })
    const kinds = '... on VirtualMachine { name } ... on Grant { port } ... on Activity { kind }'
    const query = `query ($id: ID!, $ids: [ID!]!) { node(id: $id) { ${kinds} } nodes(ids: $ids) { __typename id ${kinds} } }`
    const ids = Object.values(pools.ids).map((some) => some[0] as string)
    for (const [place, id] of ids.entries()) {
      const call = { query, variables: { id, ids: ids.slice(place).toReversed() } }
      const answer = await bodyOf(planned, call, 0)
      expect(answer).toBe(await bodyOf(executed, call, 0))
      expect(answer).toContain(`"id":"${id}"`)
    }
    expect(planned.statements).toHaveLength(ids.length)
  })

  it('is, to the byte, what the executor would answer, whatever is asked and whoever asks', async () => {
    const planned = await serveReal(database.store, viewers)
    const executed = await serveReal(database.store, viewers, { plans: false })
    let whole = 0
    const viewer = fc.nat({ max: viewers.length - 1 })
    await fc.assert(
      fc.asyncProperty(calls(createSchema(), pools), viewer, async ({ query, variables }, as) => {
        for (const given of query.includes('$') ? variables : variables.slice(0, 1)) {
          planned.statements.length = 0
          const expected = await bodyOf(executed, { query, variables: given }, as)
          expect(await bodyOf(planned, { query, variables: given }, as)).toBe(expected)
          const wholes = planned.statements.filter((text) => text.includes(', coalesce((select version')).length
          // What is decided in code is the executor's to answer, by a statement for each field beside it.
          const decided = /\b(accessEvaluation|policyTemplatePlan)\b/.test(query) && wholes === 0
          // An answer without an error is never made twice.
          if (!decided && !expected.includes('"errors":[')) expect(planned.statements.length).toBeLessThanOrEqual(1)
          if (planned.statements.length === 1) whole += wholes
        }
      }),
      // A document that fails is as good as a smaller one, and making it smaller takes minutes.
      { numRuns: RUNS, endOnFailure: true },
    )
    expect(whole).toBeGreaterThan(RUNS)
  }, 120_000)
})
