import { beforeAll, describe, expect, it } from 'vitest'
import type { Viewer } from '../../src/access/viewer.ts'
import { useDatabase } from '../support/database.ts'
import { ask } from './support/ask.ts'
import { person } from './support/context.ts'
import { busyMachineId, places, quietMachineId, writeLongLog } from './support/long-log.ts'
import { rowsRead } from './support/rows-read.ts'

const database = useDatabase()
const FACTS = 60_000
const RARE = 20
beforeAll(() => writeLongLog(database.store, FACTS, RARE), 120_000)

const everywhere = person('cleo', 'READER')
const viewers: Record<string, Viewer> = {
  everything: everywhere,
  'a busy account': person('max', 'READER', places.busyAccount),
  'a quiet account': person('max', 'READER', places.quietAccount),
  'a quiet resource group': person('mia', 'OPERATOR', places.quietGroup),
  'one machine': person('mia', 'OPERATOR', places.quietMachine),
  'the own only': person('rob', 'REQUESTER'),
}
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
const filters: Record<string, object> = {
  nothing: {},
  'a kind there is everywhere': { kinds: ['GRANT_ACTIVATED'] },
  'a kind that is rare': { kinds: ['ACCOUNT_REGISTERED', 'GRANT_CLOSED'] },
  'an actor who does nearly everything': { actorIds: ['gateway'] },
  'an actor who did little': { actorIds: ['rare', 'nobody'] },
  'a requester of nearly everything': { requesterIds: ['robot'] },
  'a requester of little': { requesterIds: ['rob', 'nobody'] },
  'busy and quiet machines': { virtualMachines: [busyMachineId, quietMachineId] },
  'a quiet machine': { virtualMachines: [quietMachineId] },
  everywhere: { scope: '/' },
  'a busy account': { scope: places.busyAccount },
  'a quiet account': { scope: places.quietAccount },
  'a busy resource group': { scope: places.busyGroup },
  'a quiet resource group': { scope: places.quietGroup },
  'a machine as a scope': { scope: places.quietMachine },
  'the last ten minutes': { from: ago(10) },
  'a day long ago': { from: ago(30_000), to: ago(28_560) },
  'a time ahead': { from: ago(-10_000) },
  'a time before all': { to: ago(FACTS + 10_000) },
  'a kind of a day long ago': { kinds: ['GRANT_ACTIVATED'], from: ago(30_000), to: ago(28_560) },
}
const document = `query ($first: Int, $last: Int, $after: String, $filter: ActivityFilter, $by: ActivityOrder) {
  activity(first: $first, last: $last, after: $after, filter: $filter, orderBy: $by) {
    pageInfo { endCursor } edges { cursor node { kind at } } } }`
/** What a page holds at most, for each value it is narrowed to, and what lies within the hour that time is uncertain by. */
const MOST = 4 * 102 + 120

const readFor = async (viewer: Viewer, variables: object) => {
  const reads = await rowsRead(database.store, 'activities', viewer, document, variables)
  return Object.values(reads).reduce((sum, count) => sum + count, 0)
}

describe('of sixty thousand facts', () => {
  it.each(Object.entries(filters))('a page of %s reads no more than it shows', async (_name, filter) => {
    for (const by of ['NEWEST_FIRST', 'OLDEST_FIRST'])
      expect(await readFor(everywhere, { first: 20, filter, by }), by).toBeLessThanOrEqual(MOST)
    expect(await readFor(everywhere, { last: 20, filter })).toBeLessThanOrEqual(MOST)
  })

  it.each(Object.entries(viewers))('a page of what one sees who sees %s reads no more', async (_name, viewer) => {
    for (const filter of [{}, filters['a kind there is everywhere'], filters['everywhere']])
      expect(await readFor(viewer, { first: 20, filter })).toBeLessThanOrEqual(MOST)
  })

  it('the next page reads no more than the first', async () => {
    for (const filter of Object.values(filters)) {
      const { activity } = await ask<any>(database.store, everywhere, document, { first: 100, filter })
      const after = activity.pageInfo.endCursor as string | null
      if (after !== null) expect(await readFor(everywhere, { first: 20, filter, after })).toBeLessThanOrEqual(MOST)
    }
  })
})

describe('a filter', () => {
  const count = async (viewer: Viewer, filter: object | undefined) =>
    (
      await ask<any>(
        database.store,
        viewer,
        'query ($filter: ActivityFilter) { activity(filter: $filter) { totalCount } }',
        {
          filter,
        },
      )
    ).activity.totalCount as number
  /** All that pages show, page by page. */
  const paged = async (viewer: Viewer, filter: object, by: string) => {
    const seen: string[] = []
    for (let after: string | null = null; ;) {
      const variables: object = { first: 7, after, filter, by }
      const { activity } = await ask<any>(database.store, viewer, document, variables)
      seen.push(...activity.edges.map(({ cursor }: { cursor: string }) => cursor))
      after = activity.pageInfo.endCursor
      if (activity.edges.length < 7 || seen.length > 100) return seen
    }
  }

  it.each([
    ['a kind that is rare', RARE],
    ['an actor who did little', RARE],
    ['a requester of little', RARE],
    ['a quiet machine', RARE],
    ['a quiet account', RARE],
    ['a quiet resource group', RARE],
    ['a machine as a scope', RARE],
    ['everywhere', FACTS],
    ['a busy account', FACTS - RARE],
    ['a time ahead', 0],
    ['a time before all', 0],
    ['a day long ago', 1_440],
    ['the last ten minutes', 10],
  ])('of %s lets %i facts through, on pages in either order as in the count', async (name, matching) => {
    const filter = filters[name] as object
    const counted = await count(everywhere, filter)
    expect(Math.abs(counted - matching)).toBeLessThanOrEqual('from' in filter ? 1 : 0)
    if (matching > 100) return
    const newest = await paged(everywhere, filter, 'NEWEST_FIRST')
    expect(newest).toHaveLength(counted)
    expect(await paged(everywhere, filter, 'OLDEST_FIRST')).toEqual(newest.toReversed())
  })

  it.each([
    ['a quiet account', RARE],
    ['a quiet resource group', RARE],
    ['one machine', RARE],
    ['the own only', RARE],
  ])('is not needed by who sees %s: each fact is shown once', async (name, visible) => {
    const viewer = { ...(viewers[name] as Viewer), actor: { kind: 'PERSON', id: 'rob', name: 'Rob' } as const }
    const own = name === 'the own only' ? 0 : RARE
    expect(await count(viewer, undefined)).toBe(visible + own)
    const seen = await paged(viewer, {}, 'NEWEST_FIRST')
    expect(seen).toHaveLength(visible + own)
    expect(new Set(seen).size).toBe(seen.length)
    expect(await paged(viewer, { scope: '/' }, 'NEWEST_FIRST')).toEqual(seen)
  })

  it('of a scope shows of it what the viewer may see, be it wider or narrower than their role', async () => {
    const cases: [Viewer, string, number][] = [
      [viewers['one machine'] as Viewer, places.busyAccount, RARE],
      [viewers['one machine'] as Viewer, places.quietGroup, 0],
      [viewers['a busy account'] as Viewer, places.quietGroup, RARE],
      [viewers['a quiet resource group'] as Viewer, places.quietMachine, 0],
    ]
    for (const [viewer, scope, visible] of cases)
      expect(await paged(viewer, { scope }, 'OLDEST_FIRST')).toHaveLength(visible)
  })
})
