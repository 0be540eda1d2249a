import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { disableJit } from '../../../src/commands/disable-jit.ts'
import { liftLockDown } from '../../../src/commands/lift-lock-down.ts'
import { lockDown } from '../../../src/commands/lock-down.ts'
import { enableJit } from '../../../src/commands/enable-jit.ts'
import type { Viewer } from '../../../src/access/viewer.ts'
import { startFeed } from '../../../src/activity/feed.ts'
import { silentLog } from '../../../src/log/log.ts'
import type { FanOut } from '../../../src/server/live/fan-out.ts'
import type { LiveStream } from '../../../src/server/live/live-stream.ts'
import type { Result } from '../../../src/server/live/result.ts'
import { appendFacts } from '../../../src/store/append-facts.ts'
import { systemClock } from '../../../src/time/clock.ts'
import { person } from '../../graphql/support/context.ts'
import { machineKey, resourceGroup, subscription, writeSmallEstate } from '../../graphql/support/small-estate.ts'
import { useDatabase } from '../../support/database.ts'
import { HandStream } from './support/hand-stream.ts'
import { fanOutOf, subscribe } from './support/subscribe.ts'

const database = useDatabase()
const ada = person('ada', 'POLICY_ADMIN')
const names = Array.from({ length: 250 }, (_, index) => `web-${String(index).padStart(3, '0')}`)
const text = `subscription ($filter: VirtualMachineFilter) {
  virtualMachineChanges(filter: $filter) { restarts complete removedIds virtualMachines { name jitStatus } }
}`

let feed: ReturnType<typeof startFeed>
let fanOut: FanOut
beforeAll(async () => {
  await writeSmallEstate(database.store, names)
  feed = startFeed({ store: database.store, url: database.url, clock: systemClock, log: silentLog })
  fanOut = fanOutOf(feed)
})
afterAll(() => feed.stop())

interface Changes {
  readonly restarts: boolean
  readonly complete: boolean
  readonly removedIds: readonly string[]
  readonly virtualMachines: readonly { readonly name: string; readonly jitStatus: string }[]
}

const changesIn = (result: Result | undefined): Changes => {
  const { data, errors } = JSON.parse(result?.text ?? '{"errors":"it ended"}') as { data: any; errors?: unknown }
  if (errors !== undefined) throw new Error(JSON.stringify(errors))
  return data.virtualMachineChanges
}
const next = async (stream: LiveStream) => changesIn((await stream.next()).value)
const namesIn = ({ virtualMachines }: Changes) => virtualMachines.map(({ name }) => name)
const nameOf = (id: string) => Buffer.from(id, 'base64url').toString().split('/').at(-1)

const listOf = (filter: object, viewer: Viewer = ada, context = {}, stream?: LiveStream) =>
  subscribe(fanOut, viewer, { text, variables: { filter }, store: database.store, context, ...(stream && { stream }) })
const enable = (...machines: string[]) =>
  enableJit({ store: database.store, viewer: ada }, { vmIds: machines.map(machineKey) })
const disable = (...machines: string[]) =>
  disableJit({ store: database.store, viewer: ada }, { vmIds: machines.map(machineKey) })

describe('a list of machines that is kept current', () => {
  test('begins with all of it, in parts', async () => {
    const stream = await listOf({ os: ['LINUX'], search: 'web-' })
    const [first, last] = [await next(stream), await next(stream)]
    expect([first.restarts, first.complete, last.restarts, last.complete]).toEqual([true, false, false, true])
    expect([...namesIn(first), ...namesIn(last)]).toEqual(names)
    await stream.return?.()
  })

  test('then sends what changed in it, as it is now, and nothing else', async () => {
    const stream = await listOf({ search: 'web-00' })
    await next(stream)
    await enable('web-100')
    await enable('web-001')
    expect(await next(stream)).toEqual({
      restarts: false,
      complete: true,
      removedIds: [],
      virtualMachines: [{ name: 'web-001', jitStatus: 'CONFIGURED' }],
    })
    await stream.return?.()
  })

  test('is sent anew when a lockdown of more than one machine begins or is lifted, and only then', async () => {
    const locked = `subscription ($filter: VirtualMachineFilter) {
      virtualMachineChanges(filter: $filter) { restarts virtualMachines { name lockedDown } } }`
    const stream = await subscribe(fanOut, ada, {
      text: locked,
      variables: { filter: { search: 'web-00' } },
      store: database.store,
    })
    const lockedDown = async () => {
      const { restarts, virtualMachines } = (await next(stream)) as any
      return [restarts, new Set(virtualMachines.map((machine: any) => machine.lockedDown))]
    }
    expect(await lockedDown()).toEqual([true, new Set([false])])
    const context = { store: database.store, viewer: ada }
    const { id } = await lockDown(context, { scope: resourceGroup, reason: 'a drill' })
    expect(await lockedDown()).toEqual([true, new Set([true])])
    await liftLockDown(context, { lockdownId: id ?? '' })
    expect(await lockedDown()).toEqual([true, new Set([false])])
    await lockDown(context, { scope: machineKey('web-003'), reason: 'a drill' })
    expect(await lockedDown()).toEqual([false, new Set([true])])
    await stream.return?.()
  })

  test('says what came to it and what is no longer in it', async () => {
    const stream = await listOf({ search: 'web-02', jitStatus: ['CONFIGURED'] })
    expect(namesIn(await next(stream))).toEqual([])
    await enable('web-020')
    expect(namesIn(await next(stream))).toEqual(['web-020'])
    await disable('web-020')
    const { removedIds, virtualMachines } = await next(stream)
    expect([removedIds.map(nameOf), virtualMachines]).toEqual([['web-020'], []])
    await stream.return?.()
  })

  test('sends many changes of a machine as one', async () => {
    const stream = await listOf({ search: 'web-03' })
    await next(stream)
    await enable('web-031')
    await next(stream)
    for (let round = 0; round < 5; round += 1) {
      await disable('web-031')
      await enable('web-031')
    }
    await enable('web-032')
    const seen = [...(await next(stream)).virtualMachines]
    while (!seen.some(({ name }) => name === 'web-032')) seen.push(...(await next(stream)).virtualMachines)
    expect(seen.findLast(({ name }) => name === 'web-031')).toEqual({ name: 'web-031', jitStatus: 'CONFIGURED' })
    // Ten changes were made of it; how many are sent depends on how fast they came.
    expect(seen.length).toBeLessThan(10)
    await stream.return?.()
  })

  test('is read and written once for all who ask for the same', async () => {
    // The reading of the list waits until all have asked for it.
    const holder = await database.store.pool.connect()
    await holder.query('begin; lock table virtual_machines in access exclusive mode')
    const streams = await Promise.all([1, 2, 3].map(() => listOf({ search: 'web-04' })))
    await holder.query('rollback')
    holder.release()
    const [first, ...others] = await Promise.all(streams.map(async (stream) => (await stream.next()).value))
    for (const other of others) expect(other).toBe(first)
    await enable('web-041')
    const [change, ...same] = await Promise.all(streams.map(async (stream) => (await stream.next()).value))
    for (const other of same) expect(other).toBe(change)
    await Promise.all(streams.map(async (stream) => stream.return?.()))
  })

  test('names nothing that the viewer may not see, not even as removed', async () => {
    const clerk = person('cleo', 'READER', machineKey('web-051'))
    const stream = await listOf({ search: 'web-05' }, clerk)
    expect(namesIn(await next(stream))).toEqual(['web-051'])
    await enable('web-052')
    await enable('web-051')
    expect(await next(stream)).toMatchObject({ removedIds: [], virtualMachines: [{ name: 'web-051' }] })
    await stream.return?.()
  })

  test('begins anew when the viewer may see more or less', async () => {
    let held = person('cleo', 'READER', machineKey('web-060'))
    const reloadViewer = () => Promise.resolve(held)
    const stream = await listOf({ search: 'web-06' }, held, { reloadViewer })
    expect(namesIn(await next(stream))).toEqual(['web-060'])
    held = person('cleo', 'READER', machineKey('web-061'))
    const detail = { role: 'READER', principalKind: 'USER', principalId: 'cleo', scope: '/' }
    const fact = { kind: 'RoleRemoved' as const, actor: ada.actor, detail }
    await database.store.db.transaction((tx) => appendFacts(tx, [fact]))
    const anew = await next(stream)
    expect([anew.restarts, namesIn(anew)]).toEqual([true, ['web-061']])
    await stream.return?.()
  })

  test('brings a reader that did not keep up to the latest state, once', async () => {
    const others = await listOf({ search: 'web-07' })
    await next(others)
    const stream = new HandStream()
    await listOf({ search: 'web-07' }, ada, {}, stream)
    await expect.poll(() => stream.sent.length).toBe(1)
    stream.stall()
    await enable('web-070')
    await next(others)
    const before = stream.sent.length
    for (const machine of ['web-071', 'web-072', 'web-073']) {
      await enable(machine)
      await next(others)
    }
    expect(stream.sent.length).toBe(before)
    stream.resume()
    await expect.poll(() => stream.sent.length).toBe(before + 1)
    expect(namesIn(changesIn(stream.sent.at(-1)))).toEqual(['web-071', 'web-072', 'web-073'])
    await Promise.all([stream.return?.(), others.return?.()])
  })

  test('may cost as much as a part of it does, and no more than any operation', async () => {
    const costly = `subscription { virtualMachineChanges { virtualMachines {
      grants(first: 100) { nodes { id state port endsAt } } } } }`
    const before = fanOut.size
    await expect(subscribe(fanOut, ada, { text: costly, store: database.store })).rejects.toThrow(
      'OPERATION_TOO_COSTLY',
    )
    expect(fanOut.size).toEqual(before)
  })

  test('hears of what inventory syncs find', async () => {
    const stream = await listOf({ search: 'web-08' })
    await next(stream)
    await database.store.db.transaction(async (tx) => {
      await tx.execute(`update virtual_machines set power = 'STOPPED', name = 'web-080-renamed' where name = 'web-080'`)
      const place = { accountId: subscription, resourceGroupId: resourceGroup, vmId: machineKey('web-080') }
      const detail = { name: 'web-080-renamed' }
      await appendFacts(tx, [{ kind: 'VirtualMachineChanged', actor: ada.actor, ...place, detail }])
    })
    expect(namesIn(await next(stream))).toEqual(['web-080-renamed'])
    await stream.return?.()
  })
})
