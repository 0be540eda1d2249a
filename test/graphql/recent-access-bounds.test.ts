import { beforeAll, describe, expect, it } from 'vitest'
import { useDatabase } from '../support/database.ts'
import { ask } from './support/ask.ts'
import { person } from './support/context.ts'
import { rowsRead } from './support/rows-read.ts'
import { machineId, machineKey, resourceGroup, subscription, writeSmallEstate } from './support/small-estate.ts'

const database = useDatabase()
const GRANTS = 50_000
/** Seconds between two of them: all lie within a year. */
const APART = 630
/** Written at once: no statement may take long, even where other tests take the time. */
const SLICE = 5_000
const IN_7_DAYS = Math.ceil((7 * 86_400) / APART)

/** One machine that was opened fifty thousand times in the last year, by `rob` at its beginning only, among quiet ones. */
beforeAll(async () => {
  const { store } = database
  const quiet = Array.from({ length: 99 }, (_, index) => `quiet-${String(index)}`)
  await writeSmallEstate(store, ['busy', ...quiet])
  for (let last = SLICE; last <= GRANTS; last += SLICE) await openOften(last - SLICE, last)
  await store.pool.query('analyze')
}, 120_000)

/** Writes the grants from `first`, the latest of them, up to `last`. */
async function openOften(first: number, last: number): Promise<void> {
  await database.store.pool.query(
    `with made as (
       insert into requests (id, requester_kind, requester_id, requester_name, status, requested_at)
       select gen_random_uuid(), 'PROGRAM', case when n > $7 - 3 then 'rob' else 'robot-' || n % 50 end, 'Robot', 'APPROVED',
         gateway_now() - n * interval '1 second' * $4
       from generate_series($5 + 1, $6::int) n returning *
     ) insert into grants (id, request_id, vm_id, account_id, resource_group_id, requester_id, requester_name, port,
         protocol, sources, state, requested_at, duration_seconds, ends_at, open_by, latest_end, activated_at, closing_at,
         end_reason, closed_at)
       select gen_random_uuid(), id, $1, $2, $3, requester_id, requester_name, 22, 'TCP', array['192.0.2.1/32'], 'CLOSED',
         requested_at, 600, requested_at, requested_at, requested_at, requested_at, requested_at, 'TIME_UP', requested_at
       from made`,
    [machineKey('busy'), subscription, resourceGroup, APART, first, last, GRANTS],
  )
}

const sees = {
  everything: person('cleo', 'READER'),
  'one account': person('max', 'READER', `/subscriptions/${subscription}`),
  'one resource group': person('mia', 'OPERATOR', resourceGroup),
  'the own only': person('rob', 'REQUESTER'),
}
const each = Object.entries(sees)
const shown = 'query ($id: ID!) { virtualMachine(id: $id) { accessRequestsLast7Days lastAccess { at } } }'
const listed = '{ virtualMachines(first: 100) { nodes { accessRequestsLast7Days lastAccess { at by { id } } } } }'

describe('of fifty thousand grants of one machine', () => {
  it('only those of the last 7 days are counted', async () => {
    const { virtualMachine } = await ask<any>(database.store, sees.everything, shown, { id: machineId('busy') })
    expect(virtualMachine.accessRequestsLast7Days).toBeGreaterThan(IN_7_DAYS - 2)
    expect(virtualMachine.accessRequestsLast7Days).toBeLessThanOrEqual(IN_7_DAYS)
  })

  it.each(each)('no more are read than those, and the last one, for who sees %s', async (what, viewer) => {
    const last = what === 'the own only' ? 'grants_vm_requester_activated' : 'grants_vm_activated'
    const reads = await rowsRead(database.store, 'grants', viewer, shown, { id: machineId('busy') })
    expect(Object.keys(reads).toSorted()).toEqual([last, 'grants_vm_requested'].toSorted())
    expect(reads['grants_vm_requested']).toBeLessThanOrEqual(IN_7_DAYS)
    expect(reads[last]).toBe(1)
  })

  it.each(each)('a page of a hundred machines reads no more, for who sees %s', async (_what, viewer) => {
    const reads = await rowsRead(database.store, 'grants', viewer, listed)
    const all = Object.values(reads).reduce((sum, count) => sum + count, 0)
    expect(Object.keys(reads).filter((how) => !how.startsWith('grants_'))).toEqual([])
    // The rows of the row form are made twice at most.
    expect(all).toBeLessThanOrEqual(2 * (IN_7_DAYS + 1))
  })
})
