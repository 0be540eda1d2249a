import { afterAll, describe, expect, test, vi } from 'vitest'
import { startFeed } from '../../../src/activity/feed.ts'
import { enableJit } from '../../../src/commands/enable-jit.ts'
import { globalId } from '../../../src/graphql/global-id.ts'
import { silentLog } from '../../../src/log/log.ts'
import { systemClock } from '../../../src/time/clock.ts'
import { settled } from '../../support/settled.ts'
import { ask } from '../support/ask.ts'
import { contextOf } from '../support/context.ts'
import { machineId, machineKey } from '../support/small-estate.ts'
import { story } from '../support/stories.ts'
import { watch } from '../support/watch.ts'
import { admin, useTeller } from './support/teller.ts'

const { database, tell, grantTo } = useTeller()

describe('what happened', () => {
  test('a policy says who enabled it, and what kind of actor that was', async () => {
    const actor = { kind: 'PROGRAM', id: 'deployer', name: 'Deployer' } as const
    const viewer = { ...admin, actor }
    const { results } = await enableJit({ store: database.store, viewer }, { vmIds: [machineKey('web-13')] })
    const query = 'query ($id: ID!) { policy(id: $id) { createdBy { kind id name } } }'
    const { policy } = await ask<any>(database.store, admin, query, {
      id: globalId('Policy', results[0]?.policyId ?? ''),
    })
    expect(policy.createdBy).toEqual(actor)
  })

  test('the activity of a machine tells who did what', async () => {
    await grantTo('web-10')
    await settled(database.store)
    const { virtualMachine } = await tell('activity-of-virtual-machine', { id: machineId('web-10') })
    expect(virtualMachine.activity.nodes).toMatchObject([
      { kind: 'GRANT_OPENING', actor: { kind: 'PERSON', name: 'rob' }, port: 22, state: 'OPENING' },
      { kind: 'ACCESS_REQUESTED', actor: { name: 'rob' } },
      { kind: 'POLICY_CREATED', actor: { name: 'ada' }, ports: [{ port: 22, protocol: 'TCP' }] },
    ])
  })

  test('the audit trail is read to its end, and a dashboard goes on from there', async () => {
    await settled(database.store)
    const feed = startFeed({ store: database.store, url: database.url, clock: systemClock, log: silentLog })
    afterAll(() => feed.stop())
    const context = contextOf(database.store, admin)
    const watching = await watch(feed, context, story('watch-grants'), { filter: { kinds: ['GRANT_OPENING'] } })
    const { activity } = await tell('audit-trail', { filter: { virtualMachines: [machineId('web-11')] } })
    expect(activity.edges).toEqual([])

    const last = (await tell('audit-trail')).activity.edges.at(-1)
    const { grant } = await grantTo('web-11')
    const event = await watching.next()
    expect(event.grantEvents).toMatchObject({ kind: 'GRANT_OPENING', grantId: grant, requesterId: 'rob', port: 22 })

    const filter = { virtualMachines: [machineId('web-11')] }
    const resumed = await watch(feed, context, story('resume-watching'), { after: last.cursor, filter })
    const again = (await resumed.next()).grantEvents
    expect(again).toMatchObject({ cursor: event.grantEvents.cursor, grant: { id: grant, state: 'OPENING' } })
    expect(again.virtualMachine.name).toBe('web-11')
    await Promise.all([watching.stop(), resumed.stop()])
  })

  test('a dashboard keeps a list of machines current without asking again', async () => {
    const feed = startFeed({ store: database.store, url: database.url, clock: systemClock, log: silentLog })
    afterAll(() => feed.stop())
    const filter = { search: 'web-12' }
    const list = await watch(feed, contextOf(database.store, admin), story('watch-virtual-machines'), { filter })
    const whole = (await list.next()).virtualMachineChanges
    expect(whole).toMatchObject({ restarts: true, complete: true, virtualMachines: [{ jitStatus: 'NOT_CONFIGURED' }] })
    const { grant } = await grantTo('web-12')
    const machine = await vi.waitFor(async () => {
      const [changed] = (await list.next()).virtualMachineChanges.virtualMachines
      expect(changed.grants.nodes).toHaveLength(1)
      return changed
    })
    expect(machine).toMatchObject({ name: 'web-12', jitStatus: 'CONFIGURED' })
    expect(machine.grants.nodes).toMatchObject([{ id: grant, port: 22, state: 'OPENING' }])
    await list.stop()
  })
})
