import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startFeed } from '../../src/activity/feed.ts'
import type { Viewer } from '../../src/access/viewer.ts'
import { withdrawRequest } from '../../src/commands/withdraw-request.ts'
import { globalId } from '../../src/graphql/global-id.ts'
import { silentLog } from '../../src/log/log.ts'
import { systemClock } from '../../src/time/clock.ts'
import { ann, askFor, bob, byRole, decide, inGroup, protectOn, rule, user } from '../commands/support/approvals.ts'
import { account, admin, group, otherGroup, person, requester, vmId } from '../commands/support/estate.ts'
import { useDatabase } from '../support/database.ts'
import { settled } from '../support/settled.ts'
import { ask } from './support/ask.ts'
import { contextOf } from './support/context.ts'
import { watch } from './support/watch.ts'

const database = useDatabase()
let feed: ReturnType<typeof startFeed>
const eve = person('eve')
const gil = { ...person('gil'), groups: ['on-call'] }
const everybody = [
  ann,
  bob,
  gil,
  eve,
  person('rae', 'READER', group),
  person('pat', 'POLICY_ADMIN', otherGroup),
  requester,
]

beforeAll(async () => {
  const { store } = database
  feed = startFeed({ store, url: database.url, clock: systemClock, log: silentLog })
  await protectOn(store, 'one', { approvalRule: rule(1, user('ann'), inGroup('on-call')) })
  await protectOn(store, 'two', { approvalRule: rule(2, user('ann'), user('bob'), user('cas')) })
  await protectOn(store, 'role', { approvalRule: rule(1, byRole) })
  // Everybody is an approver of it, even who asks: it marks the end of a story.
  await protectOn(store, 'end', { approvalRule: rule(1, ...everybody.map(({ actor }) => user(actor.id)), user('zoe')) })
})
afterAll(() => feed.stop())

async function placeInLog(): Promise<string> {
  await settled(database.store)
  const { activity } = await ask<any>(database.store, admin, '{ activity(first: 1) { nodes { cursor } } }')
  return activity.nodes[0].cursor
}

const document = `subscription ($after: String, $filter: RequestEventFilter) {
  requestEvents(after: $after, filter: $filter) { kind requestId actor { id } verdict counted request { id } }
}`

/** What `viewer` is sent of what follows a place in the log, up to the request of Zoe that marks the end. */
async function sentTo(viewer: Viewer, after: string, filter: object = {}, end = ''): Promise<string[]> {
  const watching = await watch(feed, contextOf(database.store, viewer), document, { after, filter })
  onTestFinished(() => watching.stop())
  const sent: string[] = []
  for (;;) {
    const { requestEvents: event } = await watching.next()
    if (event.requestId === globalId('Request', end)) return sent
    sent.push(`${event.kind} ${names.get(event.requestId) ?? ''}${event.verdict === null ? '' : ` ${event.verdict}`}`)
  }
}
const names = new Map<string, string>()

const zoe = person('zoe', 'REQUESTER')
async function asked(name: string, machines: string | readonly string[], viewer = requester): Promise<string> {
  const { requestId } = await askFor(database.store, machines, {}, viewer)
  names.set(globalId('Request', requestId), name)
  return requestId
}

describe('events of requests', () => {
  it('are sent to who asked, who is to decide or decided, and who may read grants there, and to nobody else', async () => {
    const after = await placeInLog()
    const first = await asked('first', 'one')
    const second = await asked('second', ['two'])
    await decide(database.store, ann, second, 'APPROVED')
    await decide(database.store, gil, first, 'DENIED')
    await decide(database.store, ann, first, 'APPROVED')
    await decide(database.store, bob, second, 'APPROVED')
    const third = await asked('third', ['one', 'role'])
    await withdrawRequest({ store: database.store, viewer: requester }, { requestId: third })
    const end = await asked('end', 'end', zoe)

    const ofFirst = [
      'ACCESS_REQUESTED first',
      'APPROVAL_DECIDED first DENIED',
      'REQUEST_DENIED first DENIED',
      'APPROVAL_DECIDED first APPROVED',
    ]
    const all = [
      'ACCESS_REQUESTED first',
      'ACCESS_REQUESTED second',
      'APPROVAL_DECIDED second APPROVED',
      'APPROVAL_DECIDED first DENIED',
      'REQUEST_DENIED first DENIED',
      'APPROVAL_DECIDED first APPROVED',
      'APPROVAL_DECIDED second APPROVED',
      'REQUEST_APPROVED second APPROVED',
      'ACCESS_REQUESTED third',
      'REQUEST_WITHDRAWN third',
    ]
    const of = (name: string) => all.filter((event) => event.split(' ')[1] === name)
    const sees = (viewer: Viewer, filter = {}) => sentTo(viewer, after, filter, end)
    expect(await sees(requester)).toEqual(all)
    const last = await asked('last', 'one')
    expect(await sentTo(requester, after, { mine: true, kinds: ['ACCESS_REQUESTED'] }, last)).toEqual([
      'ACCESS_REQUESTED first',
      'ACCESS_REQUESTED second',
      'ACCESS_REQUESTED third',
    ])
    expect(await sees(person('rae', 'READER', group))).toEqual(all)
    expect(await sees(bob)).toEqual(of('second'))
    // What was decided without them is none of theirs any more.
    expect(await sees(ann)).toEqual(all.filter((event) => event !== 'APPROVAL_DECIDED first APPROVED'))
    expect(await sees(gil)).toEqual([...ofFirst, ...of('third')])
    expect(await sees(person('pat', 'POLICY_ADMIN', vmId('role')))).toEqual(of('third'))
    expect(await sees(person('pat', 'POLICY_ADMIN', otherGroup))).toEqual([])
    expect(await sees(eve)).toEqual([])
    expect(await sees(eve, { awaitingMe: true })).toEqual([])
  })

  it('that wait for the viewer are told apart, from their beginning to their end', async () => {
    const after = await placeInLog()
    const mine = await asked('mine', 'end')
    await asked('own', 'end', { ...ann, rolesHeld: [{ role: 'REQUESTER', scope: '/' }] })
    await asked('others', 'role')
    await decide(database.store, eve, mine, 'APPROVED')
    const end = await asked('end', 'end', zoe)
    const awaiting = (viewer: Viewer) => sentTo(viewer, after, { awaitingMe: true }, end)
    const whole = ['ACCESS_REQUESTED mine', 'APPROVAL_DECIDED mine APPROVED', 'REQUEST_APPROVED mine APPROVED']
    expect(await awaiting(ann)).toEqual(whole)
    expect(await awaiting(bob)).toEqual(['ACCESS_REQUESTED mine', 'ACCESS_REQUESTED own', ...whole.slice(1)])
    expect(await awaiting(requester)).toEqual(['ACCESS_REQUESTED own'])
    const byTheirRole = person('pat', 'POLICY_ADMIN')
    expect(await awaiting({ ...byTheirRole })).toEqual([
      'ACCESS_REQUESTED mine',
      'ACCESS_REQUESTED own',
      'ACCESS_REQUESTED others',
      ...whole.slice(1),
    ])
  })

  it('of a scope are only those about machines that the viewer may know of', async () => {
    const after = await placeInLog()
    await asked('both', ['one', 'two'])
    /** Behind it comes a request of the viewer's own for the same machines, which every scope of these lets through. */
    const here = async (viewer: Viewer, scope: string) => {
      const own = { ...viewer, rolesHeld: [{ role: 'REQUESTER' as const, scope: '/' }] }
      return sentTo(
        viewer,
        after,
        { scope, requesterIds: ['rob', viewer.actor.id] },
        await asked('own', ['one', 'two'], own),
      )
    }
    // Bob decides on the one machine, and is told nothing of the other.
    expect(await here(bob, vmId('one'))).toEqual([])
    expect(await here({ ...bob, actor: { ...bob.actor, id: 'cas' } }, vmId('two'))).toEqual(['ACCESS_REQUESTED both'])
    expect(await here(gil, `/subscriptions/${account}`)).toEqual(['ACCESS_REQUESTED both'])
  })
})
