import { describe, expect, test } from 'vitest'
import type { GrantFactKind } from '../../../src/access/facts.ts'
import type { Viewer } from '../../../src/access/viewer.ts'
import type { Activity, Feed } from '../../../src/activity/activity.ts'
import type { GatewayContext } from '../../../src/graphql/context.ts'
import { grantEventStream, type GrantFact, type StreamEnd } from '../../../src/graphql/events/grant-event-stream.ts'
import type { Store } from '../../../src/store/store.ts'
import { handClock } from '../../support/clock.ts'
import { contextOf, person } from '../support/context.ts'
import { machineKey, resourceGroup } from '../support/small-estate.ts'
import { handFeed, grantFact, roleFact } from './hand-feed.ts'

const ada = person('ada', null)
const reader = person('rita', 'READER', resourceGroup)
const everything = () => true

function open(feed: Feed, viewer: Viewer, more: Partial<GatewayContext> = {}) {
  const context = contextOf({} as Store, viewer, { feed, ...more })
  return { context, stream: grantEventStream(context, null, everything) }
}

/** What was read of a stream, in short: `kind of vm`, or why it ended. */
function brief(item: IteratorResult<GrantFact | StreamEnd>): string {
  if (item.done === true) return 'done'
  return typeof item.value === 'string' ? item.value : `${item.value.kind} of ${item.value.vmId.split('/').at(-1)}`
}

describe('who is sent an event', () => {
  test('a viewer without any role is sent the events of the own grants, and no others', async () => {
    const feed = handFeed()
    const { stream } = open(feed, ada)
    const first = stream.next()
    feed.commit(grantFact('GrantOpening', { vm: 'web', requester: 'bob' }))
    feed.commit(grantFact('GrantOpening', { vm: 'db', requester: 'ada' }))
    expect(brief(await first)).toBe('GrantOpening of db')
    await stream.return?.()
  })

  test('a reader of a resource group is sent what happens there, and nothing of elsewhere', async () => {
    const feed = handFeed()
    const { stream } = open(feed, reader)
    const first = stream.next()
    feed.commit({ ...grantFact('GrantClosed', { vm: 'web' }), vmId: machineKey('web').replace('shop', 'shop2') })
    feed.commit(grantFact('GrantActivated', { vm: 'web' }))
    expect(brief(await first)).toBe('GrantActivated of web')
    await stream.return?.()
  })

  test('a fact about something else than a grant is not sent', async () => {
    const feed = handFeed()
    const { stream } = open(feed, reader)
    const first = stream.next()
    feed.commit({ ...grantFact('GrantClosed', { vm: 'a' }), kind: 'PolicyUpdated' as GrantFactKind })
    feed.commit(grantFact('GrantClosed', { vm: 'b' }))
    expect(brief(await first)).toBe('GrantClosed of b')
    await stream.return?.()
  })
})

describe('when roles change while it runs', () => {
  test('a viewer whose role is taken away is sent nothing of others that follows', async () => {
    const feed = handFeed()
    let held = reader
    const { stream } = open(feed, reader, { reloadViewer: () => Promise.resolve(held) })
    const seen: string[] = []
    const reading = (async () => {
      for (let item = await stream.next(); item.done !== true; item = await stream.next()) seen.push(brief(item))
    })()
    feed.commit(grantFact('GrantOpening', { vm: 'web', requester: 'bob' }))
    await feed.drained()
    held = person('rita', null)
    feed.commit(roleFact('RoleRemoved'))
    feed.commit(grantFact('GrantActivated', { vm: 'web', requester: 'bob' }))
    feed.commit(grantFact('GrantActivated', { vm: 'db', requester: 'rita' }))
    await feed.drained()
    await stream.return?.()
    await reading
    expect(seen).toEqual(['GrantOpening of web', 'GrantActivated of db'])
  })

  test('a viewer who is given a role is sent what follows, and fields read for an event see by it too', async () => {
    const feed = handFeed()
    const { context, stream } = open(feed, ada, { reloadViewer: () => Promise.resolve(person('ada', 'READER')) })
    const first = stream.next()
    feed.commit(roleFact('RoleAssigned'))
    feed.commit(grantFact('GrantOpening', { vm: 'web', requester: 'bob' }))
    expect(brief(await first)).toBe('GrantOpening of web')
    expect(context.viewer.rolesHeld).toEqual([{ role: 'READER', scope: '/' }])
    await stream.return?.()
  })

  test('roles that changed before the first event count for it', async () => {
    const feed = handFeed()
    const { stream } = open(feed, reader, { reloadViewer: () => Promise.resolve(person('rita', null)) })
    const first = stream.next()
    feed.commit(grantFact('GrantOpening', { vm: 'web', requester: 'bob' }))
    feed.commit(grantFact('GrantOpening', { vm: 'own', requester: 'rita' }))
    expect(brief(await first)).toBe('GrantOpening of own')
    await stream.return?.()
  })

  test('roles are read once for any number of changes before an event', async () => {
    const feed = handFeed()
    let reads = 0
    const { stream } = open(feed, reader, { reloadViewer: () => Promise.resolve((reads++, reader)) })
    const first = stream.next()
    for (let change = 0; change < 5; change++) feed.commit(roleFact('RoleAssigned'))
    feed.commit(grantFact('GrantOpening', { vm: 'web' }))
    await first
    const second = stream.next()
    feed.commit(grantFact('GrantActivated', { vm: 'web' }))
    await second
    expect(reads).toBe(1)
    await stream.return?.()
  })
})

describe('how it ends', () => {
  test('a client that goes while nothing happens leaves no reader and no timer behind', async () => {
    const feed = handFeed()
    const clock = handClock()
    const { stream } = open(feed, reader, { clock, authenticatedUntil: clock.now() + 60_000 })
    const pending = stream.next()
    expect([feed.readers, clock.waiting]).toEqual([1, 1])
    await stream.return?.()
    expect(brief(await pending)).toBe('done')
    expect([feed.readers, clock.waiting]).toEqual([0, 0])
  })

  test('a client that goes before it read anything leaves nothing behind', async () => {
    const feed = handFeed()
    const clock = handClock()
    const { stream } = open(feed, reader, { clock, authenticatedUntil: clock.now() + 60_000 })
    await stream.return?.()
    expect([feed.readers, clock.waiting]).toEqual([0, 0])
  })

  test('it ends at the moment the access token does, and says so', async () => {
    const feed = handFeed()
    const clock = handClock()
    const { stream } = open(feed, reader, { clock, authenticatedUntil: clock.now() + 60_000 })
    const pending = stream.next()
    await clock.advance(59_999)
    feed.commit(grantFact('GrantOpening', { vm: 'web' }))
    expect(brief(await pending)).toBe('GrantOpening of web')
    const last = stream.next()
    await clock.advance(1)
    expect(brief(await last)).toBe('AUTHENTICATION_EXPIRED')
    expect(brief(await stream.next())).toBe('done')
    expect([feed.readers, clock.waiting]).toEqual([0, 0])
  })

  test('what was committed before the token ended but not yet read is not sent after it', async () => {
    const feed = handFeed()
    const clock = handClock()
    const { stream } = open(feed, reader, { clock, authenticatedUntil: clock.now() + 60_000 })
    const pending = stream.next()
    feed.commit(grantFact('GrantOpening', { vm: 'web' }))
    await pending
    feed.commit(grantFact('GrantActivated', { vm: 'web' }))
    await clock.advance(60_000)
    expect(brief(await stream.next())).toBe('AUTHENTICATION_EXPIRED')
    expect(brief(await stream.next())).toBe('done')
  })

  test('a log that cannot be read ends it with a reason to try again', async () => {
    const feed = handFeed()
    const { stream } = open(feed, reader)
    const pending = stream.next()
    feed.fail(new Error('the database is away'))
    expect(brief(await pending)).toBe('LOG_UNAVAILABLE')
    expect(brief(await stream.next())).toBe('done')
    expect(feed.readers).toBe(0)
  })

  test('roles that cannot be read end it the same way: an event that cannot be judged is not sent', async () => {
    const feed = handFeed()
    const { stream } = open(feed, reader, { reloadViewer: () => Promise.reject(new Error('the database is away')) })
    const pending = stream.next()
    feed.commit(grantFact('GrantOpening', { vm: 'web', requester: 'rita' }) as Activity)
    expect(brief(await pending)).toBe('LOG_UNAVAILABLE')
    expect(feed.readers).toBe(0)
  })
})
