import { beforeAll, expect, it } from 'vitest'
import { useDatabase } from '../support/database.ts'
import { person } from './support/context.ts'
import { rowsRead } from './support/rows-read.ts'
import { machineId, machineKey, resourceGroup, subscription, writeSmallEstate } from './support/small-estate.ts'

const database = useDatabase()
const MACHINES = 100
const FACTS_OF_EACH = 400

/** Machines of which much happened, to all of them by turns: what is of one lies apart in the table. */
beforeAll(async () => {
  const { store } = database
  await writeSmallEstate(
    store,
    Array.from({ length: MACHINES }, (_, index) => `m${String(index)}`),
  )
  await store.pool.query(
    `insert into activities (transaction, kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id,
       requester_id, detail)
     select (n / 100 + 1)::text::xid8, 'GrantActivated', 'PERSON', 'rob', 'Rob', $1, $2,
       replace($3, '/m0', '/m' || n * 37 % $4::int), 'rob', '{}'
     from generate_series(1, $4::int * $5::int) n`,
    [subscription, resourceGroup, machineKey('m0'), MACHINES, FACTS_OF_EACH],
  )
  await store.pool.query('vacuum analyze activities')
}, 60_000)

it.each(
  Object.entries({
    everything: person('cleo', 'READER'),
    'one account': person('max', 'READER', `/subscriptions/${subscription}`),
    'one resource group': person('mia', 'OPERATOR', resourceGroup),
    'the own only': person('rob', 'REQUESTER'),
  }),
)('a page of what happened to a machine is all that is read of it, for who sees %s', async (_what, viewer) => {
  const document = 'query ($id: ID!) { virtualMachine(id: $id) { activity(first: 20) { nodes { kind at } } } }'
  expect(await rowsRead(database.store, 'activities', viewer, document, { id: machineId('m7') })).toEqual({
    activities_vm: 20,
  })
})
