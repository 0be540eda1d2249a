import { describe, expect, test } from 'vitest'
import type { GrantFactKind } from '../../../src/access/fact-kinds.ts'
import { actions, type Action } from '../../../src/access/role.ts'
import type { Viewer } from '../../../src/access/viewer.ts'
import type { Activity } from '../../../src/activity/activity.ts'
import type { GatewayContext } from '../../../src/graphql/context.ts'
import { handClock } from '../../support/clock.ts'
import { person } from '../../graphql/support/context.ts'
import { machineKey, resourceGroup } from '../../graphql/support/small-estate.ts'
import { customRoleFact, grantFact, handFeed, roleFact } from './support/hand-feed.ts'
import { brief, encodeCursor, fanOutOf, readInto, subscribe } from './support/subscribe.ts'

const ada = person('ada', null)
const reader = person('rita', 'READER', resourceGroup)

/** One subscription on a log of its own. */
async function open(viewer: Viewer, context: Partial<GatewayContext> = {}) {
  const feed = handFeed()
  const fanOut = fanOutOf(feed, context.clock)
  return { feed, fanOut, stream: await subscribe(fanOut, viewer, { context }) }
}

describe('who is sent an event', () => {
  test('a viewer without any role is sent the events of the own grants, and no others', async () => {
    const { feed, stream } = await open(ada)
    feed.commit(grantFact('GrantOpening', { vm: 'web', requester: 'bob' }))
    feed.commit(grantFact('GrantOpening', { vm: 'db', requester: 'ada' }))
    expect(brief(await stream.next())).toBe('GRANT_OPENING of db')
    await stream.return?.()
  })

  test('a reader of a resource group is sent what happens there, and nothing of elsewhere', async () => {
    const { feed, stream } = await open(reader)
    feed.commit({ ...grantFact('GrantClosed', { vm: 'web' }), vmId: machineKey('web').replace('shop', 'shop2') })
    feed.commit(grantFact('GrantActivated', { vm: 'web' }))
    expect(brief(await stream.next())).toBe('GRANT_ACTIVATED of web')
    await stream.return?.()
  })

  test('a fact about something else than a grant is not sent', async () => {
    const { feed, stream } = await open(reader)
    feed.commit({ ...grantFact('GrantClosed', { vm: 'a' }), kind: 'PolicyUpdated' as GrantFactKind })
    feed.commit(grantFact('GrantClosed', { vm: 'b' }))
    expect(brief(await stream.next())).toBe('GRANT_CLOSED of b')
    await stream.return?.()
  })

  test('who asks for the own grants only is sent no others, whatever roles are held', async () => {
    const feed = handFeed()
    const fanOut = fanOutOf(feed)
    const variables = { filter: { mine: true } }
    const [own, hers] = await Promise.all(
      [ada, person('bob', 'READER')].map((who) => subscribe(fanOut, who, { variables })),
    )
    feed.commit(grantFact('GrantOpening', { vm: 'web', requester: 'bob' }))
    feed.commit(grantFact('GrantOpening', { vm: 'db', requester: 'ada' }))
    expect(brief(await own!.next())).toBe('GRANT_OPENING of db')
    expect(brief(await hers!.next())).toBe('GRANT_OPENING of web')
    expect(fanOut.size).toEqual({ members: 2, groups: 1 })
  })
})

describe('when roles change while it runs', () => {
  test('a viewer whose role is taken away is sent nothing of others that follows', async () => {
    let held = reader
    const { feed, stream } = await open(reader, { reloadViewer: () => Promise.resolve(held) })
    const { seen, over } = readInto(stream)
    feed.commit(grantFact('GrantOpening', { vm: 'web', requester: 'bob' }))
    await feed.drained()
    held = person('rita', null)
    feed.commit(roleFact('RoleRemoved'))
    feed.commit(grantFact('GrantActivated', { vm: 'web', requester: 'bob' }))
    feed.commit(grantFact('GrantActivated', { vm: 'db', requester: 'rita' }))
    await expect.poll(() => seen.length).toBe(2)
    await stream.return?.()
    await over
    expect(seen).toEqual(['GRANT_OPENING of web', 'GRANT_ACTIVATED of db'])
  })

  test('a viewer who is given a role is sent what follows', async () => {
    const { feed, stream } = await open(ada, { reloadViewer: () => Promise.resolve(person('ada', 'READER')) })
    feed.commit(roleFact('RoleAssigned', 'ada'))
    feed.commit(grantFact('GrantOpening', { vm: 'web', requester: 'bob' }))
    expect(brief(await stream.next())).toBe('GRANT_OPENING of web')
  })

  test('roles that changed before it began count from its first event', async () => {
    const { feed, stream } = await open(reader, { reloadViewer: () => Promise.resolve(person('rita', null)) })
    feed.commit(grantFact('GrantOpening', { vm: 'web', requester: 'bob' }))
    feed.commit(grantFact('GrantOpening', { vm: 'own', requester: 'rita' }))
    expect(brief(await stream.next())).toBe('GRANT_OPENING of own')
  })

  test('roles are read once for all subscriptions of a principal, and again only when they changed for it', async () => {
    const feed = handFeed()
    const fanOut = fanOutOf(feed)
    let reads = 0
    const context = { reloadViewer: () => Promise.resolve((reads++, reader)) }
    const streams = await Promise.all([1, 2, 3].map(() => subscribe(fanOut, reader, { context })))
    const commit = async (...facts: readonly Activity[]) => {
      feed.commit(...facts, grantFact('GrantOpening', { vm: 'web' }))
      for (const stream of streams) await stream.next()
    }
    await commit()
    expect(reads).toBe(1)
    await commit(roleFact('RoleAssigned', 'somebody-else'))
    expect(reads).toBe(1)
    await commit(roleFact('RoleAssigned', 'rita'))
    expect(reads).toBe(2)
  })

  test('who holds a role through a group loses it with the group', async () => {
    let held = reader
    const principal = { actor: reader.actor, groups: ['operators'], appRoles: [] }
    const { feed, stream } = await open(reader, { principal, reloadViewer: () => Promise.resolve(held) })
    held = person('rita', null)
    const detail = { role: 'READER', principalKind: 'GROUP', principalId: 'operators', scope: '/' }
    feed.commit({ ...roleFact('RoleRemoved'), detail })
    feed.commit(grantFact('GrantOpening', { vm: 'web', requester: 'bob' }))
    feed.commit(grantFact('GrantOpening', { vm: 'own', requester: 'rita' }))
    expect(brief(await stream.next())).toBe('GRANT_OPENING of own')
  })
})

describe('when a role that is held ends, or allows something else', () => {
  const nobody = person('rita', null)
  const own = { id: 'own-role', name: 'own', actions: [actions.readGrant] as Action[] }

  test('nothing of others is sent from that moment on, though the log does not say so yet', async () => {
    const clock = handClock()
    const ending = { ...reader, rolesUntil: clock.now() + 60_000 }
    const { feed, stream } = await open(ending, {
      clock,
      // Judged by the database: until the end it answers the role.
      reloadViewer: () => Promise.resolve(clock.now() < ending.rolesUntil ? ending : nobody),
    })
    const { seen, over } = readInto(stream)
    await clock.advance(59_999)
    feed.commit(grantFact('GrantOpening', { vm: 'web', requester: 'bob' }))
    await feed.drained()
    await clock.advance(1)
    feed.commit(grantFact('GrantActivated', { vm: 'web', requester: 'bob' }))
    feed.commit(grantFact('GrantActivated', { vm: 'db', requester: 'rita' }))
    await feed.drained()
    await clock.advance(10)
    await stream.return?.()
    await over
    expect(seen).toEqual(['GRANT_OPENING of web', 'GRANT_ACTIVATED of db'])
  })

  test('one that has ended is not served from the log either', async () => {
    const clock = handClock()
    const ending = { ...reader, rolesUntil: clock.now() + 60_000 }
    const feed = handFeed()
    const [first, ...facts] = [
      grantFact('GrantOpening', { vm: 'web', requester: 'bob' }),
      grantFact('GrantActivated', { vm: 'web', requester: 'bob' }),
      grantFact('GrantActivated', { vm: 'db', requester: 'rita' }),
    ]
    feed.commit(first as Activity, ...facts)
    const reloadViewer = () => Promise.resolve(clock.now() < ending.rolesUntil ? ending : nobody)
    const fanOut = fanOutOf(feed, clock)
    const keeping = await subscribe(fanOut, ending, { context: { clock, reloadViewer } })
    await clock.advance(60_000)
    const variables = { after: encodeCursor((first as Activity).cursor) }
    const stream = await subscribe(fanOut, ending, { context: { clock, reloadViewer }, variables })
    expect(brief(await stream.next())).toBe('GRANT_ACTIVATED of db')
    await Promise.all([stream.return?.(), keeping.return?.()])
  })

  test('roles are read once at the end, and not again for what does not end', async () => {
    const clock = handClock()
    let reads = 0
    const ending = { ...reader, rolesUntil: clock.now() + 60_000 }
    const context = {
      clock,
      reloadViewer: () => Promise.resolve((reads++, clock.now() < ending.rolesUntil ? ending : reader)),
    }
    const { feed, stream } = await open(ending, context)
    for (const ms of [0, 60_000, 60_000]) {
      await clock.advance(ms)
      for (const kind of ['GrantOpening', 'GrantActivated'] as const) feed.commit(grantFact(kind, { vm: 'web' }))
      await feed.drained()
      await clock.advance(10)
      for (let n = 0; n < 2; n++) await stream.next()
    }
    expect(reads).toBe(2)
  })

  test('what a changed role allows counts for the next event, for those who hold it', async () => {
    let held = { ...nobody, rolesHeld: [{ role: own, scope: '/' }] }
    const [reads, otherReads] = [{ count: 0 }, { count: 0 }]
    const feed = handFeed()
    const fanOut = fanOutOf(feed)
    const reloadViewer = () => Promise.resolve((reads.count++, held))
    const stream = await subscribe(fanOut, held, { context: { reloadViewer } })
    const others = await subscribe(fanOut, ada, {
      context: { reloadViewer: () => Promise.resolve((otherReads.count++, ada)) },
    })
    feed.commit(grantFact('GrantOpening', { vm: 'web', requester: 'bob' }))
    expect(brief(await stream.next())).toBe('GRANT_OPENING of web')
    held = { ...held, rolesHeld: [{ role: { ...own, actions: [actions.readPolicy] }, scope: '/' }] }
    feed.commit(customRoleFact(own.id))
    feed.commit(grantFact('GrantActivated', { vm: 'web', requester: 'bob' }))
    feed.commit(grantFact('GrantActivated', { vm: 'db', requester: 'rita' }))
    expect(brief(await stream.next())).toBe('GRANT_ACTIVATED of db')
    expect([reads.count, otherReads.count]).toEqual([2, 1])
    await Promise.all([stream.return?.(), others.return?.()])
  })
})

describe('how it ends', () => {
  test('a client that goes while nothing happens leaves no reader and no timer behind', async () => {
    const clock = handClock()
    const { feed, fanOut, stream } = await open(reader, { clock, authenticatedUntil: clock.now() + 60_000 })
    const pending = stream.next()
    expect([feed.readers, clock.waiting, fanOut.size.members]).toEqual([1, 1, 1])
    await stream.return?.()
    expect(brief(await pending)).toBe('done')
    await feed.drained()
    expect([feed.readers, clock.waiting]).toEqual([0, 0])
    expect(fanOut.size).toEqual({ members: 0, groups: 0 })
  })

  test('it ends at the moment the access token does, and says so', async () => {
    const clock = handClock()
    const { feed, stream } = await open(reader, { clock, authenticatedUntil: clock.now() + 60_000 })
    const pending = stream.next()
    await clock.advance(59_999)
    feed.commit(grantFact('GrantOpening', { vm: 'web' }))
    expect(brief(await pending)).toBe('GRANT_OPENING of web')
    const last = stream.next()
    await clock.advance(1)
    expect(brief(await last)).toBe('UNAUTHENTICATED')
    expect(brief(await stream.next())).toBe('done')
    await feed.drained()
    expect([feed.readers, clock.waiting]).toEqual([0, 0])
  })

  test('what was not yet sent when the token ended is not sent after it', async () => {
    const clock = handClock()
    const { feed, stream } = await open(reader, { clock, authenticatedUntil: clock.now() + 2 })
    const { seen, over } = readInto(stream)
    feed.commit(grantFact('GrantOpening', { vm: 'web' }))
    await feed.drained()
    feed.commit(grantFact('GrantActivated', { vm: 'web' }))
    await feed.drained()
    await clock.advance(10)
    await over
    expect(seen).toEqual(['GRANT_OPENING of web', 'UNAUTHENTICATED'])
  })

  test('a log that cannot be read ends it with a reason to try again', async () => {
    const { feed, stream } = await open(reader)
    const pending = stream.next()
    feed.fail(new Error('the database is away'))
    expect(brief(await pending)).toBe('UNAVAILABLE')
    expect(brief(await stream.next())).toBe('done')
    expect(feed.readers).toBe(0)
  })

  test('roles that cannot be read end it the same way: an event that cannot be judged is not sent', async () => {
    const { feed, stream } = await open(reader, {
      reloadViewer: () => Promise.reject(new Error('the database is away')),
    })
    const pending = stream.next()
    feed.commit(grantFact('GrantOpening', { vm: 'web', requester: 'rita' }))
    expect(brief(await pending)).toBe('UNAVAILABLE')
    await feed.drained()
    expect(feed.readers).toBe(0)
  })

  test('others go on when one ends', async () => {
    const feed = handFeed()
    const fanOut = fanOutOf(feed)
    const context = { reloadViewer: () => Promise.reject(new Error('the database is away')) }
    const [broken, whole] = [await subscribe(fanOut, ada, { context }), await subscribe(fanOut, reader)]
    feed.commit(grantFact('GrantOpening', { vm: 'web' }))
    expect([brief(await broken.next()), brief(await whole.next())]).toEqual(['UNAVAILABLE', 'GRANT_OPENING of web'])
    feed.commit(grantFact('GrantClosed', { vm: 'web' }))
    expect(brief(await whole.next())).toBe('GRANT_CLOSED of web')
  })
})
