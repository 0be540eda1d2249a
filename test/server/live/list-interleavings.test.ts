import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Viewer } from '../../../src/access/viewer.ts'
import type { LiveList, ListUpdate } from '../../../src/graphql/events/live-list.ts'
import { silentLog } from '../../../src/log/log.ts'
import { createListBroadcast } from '../../../src/server/live/list-broadcast.ts'
import { createLogReader } from '../../../src/server/live/log-reader.ts'
import { Result } from '../../../src/server/live/result.ts'
import type { Sink } from '../../../src/server/live/sink.ts'
import { createStandings } from '../../../src/server/live/standing.ts'
import { person } from '../../graphql/support/context.ts'
import { machineKey } from '../../graphql/support/small-estate.ts'
import { handClock, type HandClock } from '../../support/clock.ts'
import { grantFact, handFeed, roleFact } from './support/hand-feed.ts'

const names = ['a', 'b', 'c', 'd']
const ids = names.map(machineKey)
const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve()
}

/** A log and a table in memory, whose reads take as many turns as they are told; what a member holds is what it was sent. */
function stage() {
  const feed = handFeed()
  const hand = handClock()
  /** Run when a timer fires; answers in how many turns its work begins. */
  let fires = () => 0
  const clock: HandClock = {
    ...hand,
    after: (delayMs, run) =>
      hand.after(delayMs, () => {
        void turns(fires()).then(run)
      }),
  }
  const reader = createLogReader({ feed, log: silentLog })
  const standings = createStandings(reader, clock)
  const lists = createListBroadcast({ reader, standings, clock, log: silentLog })
  const table = new Map<string, number>()
  let readTurns = 0
  let version = 0
  let held = person('rita', 'READER')
  /** By the roles that the log has told of. */
  let told = held
  const asOf = new Map<string, Viewer>()
  reader.add({
    begin() {},
    take: ({ cursor }) => void (told = asOf.get(cursor.position) ?? told),
    fail() {},
  })

  const sees = ({ rolesHeld }: Viewer, id: string) => rolesHeld.some(({ scope }) => scope === '/' || scope === id)
  const readIds = async (viewer: Viewer, wanted: readonly string[]) => {
    const found = wanted.filter((id) => table.has(id) && sees(viewer, id)).toSorted()
    await turns(readTurns)
    return found
  }
  const list: LiveList = {
    page: async (viewer, after, limit) =>
      (await readIds(viewer, ids)).filter((id) => after === null || id > after).slice(0, limit),
    among: readIds,
    touched: ({ vmId }) => vmId,
    changedMany: () => false,
    sees,
  }
  /** The document: each thing that is listed with its version, as it is when it is read. */
  const operation = {
    key: 'list',
    perViewer: true,
    run: async (event: unknown, viewer: Viewer) => {
      const { ids: listed, ...update } = event as ListUpdate
      const things = listed.filter((id) => table.has(id) && sees(viewer, id)).map((id) => [id, table.get(id)])
      await turns(readTurns)
      return new Result(JSON.stringify({ ...update, things }))
    },
  }

  function subscribe() {
    const shown = new Map<string, number>()
    const forbidden: string[] = []
    let behind = false
    let caughtUp = Promise.withResolvers<void>()
    const sink: Sink = {
      send(results) {
        for (const { text } of results) {
          const { restarts, removedIds, things } = JSON.parse(text) as Omit<ListUpdate, 'ids'> & {
            readonly things: readonly [string, number][]
          }
          // What is sent when the log has told of a change was read by the roles since, or newer ones.
          forbidden.push(...things.map(([id]) => id).filter((id) => !sees(told, id) && !sees(held, id)))
          if (restarts) shown.clear()
          for (const [id, at] of things) shown.set(id, at)
          for (const id of removedIds) shown.delete(id)
        }
      },
      isBehind: () => behind,
      caughtUp: () => caughtUp.promise,
      end() {},
    }
    const { served } = lists.enter({
      operation,
      source: list,
      principal: { actor: held.actor, groups: [], appRoles: [] },
      viewer: held,
      reloadViewer: async () => {
        await turns(readTurns)
        return held
      },
      until: Infinity,
      sink,
    })
    return {
      shown,
      forbidden,
      leave: () => served.leave(),
      stall() {
        if (behind) return
        behind = true
        caughtUp = Promise.withResolvers()
      },
      resume() {
        behind = false
        caughtUp.resolve()
      },
    }
  }

  return {
    feed,
    clock,
    subscribe,
    slow: (count: number) => (readTurns = count),
    whenOneFires: (act: () => number) => (fires = act),
    put(id: string) {
      table.set(id, (version += 1))
      feed.commit({ ...grantFact('GrantOpening', { vm: 'a' }), vmId: id })
    },
    remove(id: string) {
      table.delete(id)
      feed.commit({ ...grantFact('GrantClosed', { vm: 'a' }), vmId: id })
    },
    roles(scope: string) {
      held = person('rita', 'READER', scope)
      const fact = roleFact('RoleAssigned', 'rita')
      asOf.set(fact.cursor.position, held)
      feed.commit(fact)
    },
    /** What a member must hold in the end. */
    truth: () => new Map([...table].filter(([id]) => sees(held, id))),
    /** Until nothing is left to send. */
    async settle() {
      for (let round = 0; round < 12; round += 1) {
        await feed.drained()
        await clock.advance(250)
        await feed.drained()
      }
    },
  }
}

const id = fc.nat(names.length - 1).map((index) => ids[index] ?? '')
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('put' as const), id }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), id }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('roles' as const), scope: fc.constantFrom('/', ...ids) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('subscribe' as const) }) },
  fc.record({ do: fc.constantFrom('stall' as const, 'resume' as const, 'leave' as const), n: fc.nat() }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('turns' as const), n: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 250 }) }) },
  fc.record({ do: fc.constant('slow' as const), n: fc.nat(40) }),
)

const moments = Array.from({ length: 60 }, (_, index) => index)
const [a = '', b = ''] = ids

describe('a list that is kept current', () => {
  test('misses no change at whatever moment the last one has been sent', async () => {
    for (const moment of moments) {
      const staged = stage()
      const { shown } = staged.subscribe()
      await staged.settle()
      staged.put(a)
      await staged.feed.drained()
      staged.whenOneFires(() => {
        staged.whenOneFires(() => 0)
        staged.put(b)
        return moment
      })
      await staged.settle()
      expect([moment, shown]).toEqual([moment, staged.truth()])
    }
  })

  test('is not begun from a reading of before a change, for whoever comes at whatever moment after it', async () => {
    for (const moment of moments) {
      const staged = stage()
      staged.slow(40)
      staged.subscribe()
      await turns(moment)
      staged.put(a)
      await turns(8)
      const { shown } = staged.subscribe()
      await staged.settle()
      expect([moment, shown]).toEqual([moment, staged.truth()])
    }
  })

  test('shows nothing that was read by roles of before, at whatever moment they change', async () => {
    for (const moment of moments) {
      const staged = stage()
      const member = staged.subscribe()
      staged.put(a)
      await staged.settle()
      staged.slow(20)
      staged.put(a)
      await turns(moment)
      staged.roles(b)
      await staged.settle()
      expect([moment, member.shown, member.forbidden]).toEqual([moment, new Map(), []])
    }
  })

  test('shows who falls behind with one change what else had changed by then', async () => {
    for (const moment of moments) {
      const staged = stage()
      const member = staged.subscribe()
      await staged.settle()
      staged.put(a)
      member.stall()
      await turns(moment)
      staged.put(b)
      await staged.clock.advance(1_000)
      member.resume()
      await staged.settle()
      expect([moment, member.shown]).toEqual([moment, staged.truth()])
    }
  })

  test('shows everybody in the end what is there and may be seen, whatever happens in between', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const staged = stage()
        const here = [staged.subscribe()]
        for (const one of steps) {
          if (one.do === 'put') staged.put(one.id)
          else if (one.do === 'remove') staged.remove(one.id)
          else if (one.do === 'roles') staged.roles(one.scope)
          else if (one.do === 'subscribe') here.push(staged.subscribe())
          else if (one.do === 'turns') await turns(one.n)
          else if (one.do === 'wait') await staged.clock.advance(one.ms)
          else if (one.do === 'slow') staged.slow(one.n)
          else {
            const member = here[one.n % Math.max(1, here.length)]
            if (one.do !== 'leave') member?.[one.do]()
            else if (member !== undefined) {
              member.resume()
              member.leave()
              here.splice(here.indexOf(member), 1)
            }
          }
        }
        for (const member of here) member.resume()
        await staged.settle()
        for (const { shown, forbidden } of here) expect([shown, forbidden]).toEqual([staged.truth(), []])
        for (const { leave } of here) leave()
      }),
      { numRuns: 1000 },
    )
  })
})
