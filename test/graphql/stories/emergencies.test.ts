import { describe, expect, test } from 'vitest'
import { enableJit } from '../../../src/commands/enable-jit.ts'
import { person } from '../support/context.ts'
import { machineId, machineKey } from '../support/small-estate.ts'
import { admin, requester, useTeller } from './support/teller.ts'

const { database, tell, grantTo } = useTeller()

describe('in an emergency', () => {
  test('a port is opened by break-glass, and somebody else looks into it', async () => {
    await enableJit({ store: database.store, viewer: admin }, { vmIds: [machineKey('web-23')] })
    const operator = person('olga', 'OPERATOR')
    const asked = { virtualMachine: machineId('web-23'), port: 22, justification: 'the shop is down' }
    const { requestAccess } = await tell('open-by-break-glass', asked, operator)
    expect(requestAccess).toMatchObject({
      request: { breakGlass: { past: [], reviewedAt: null } },
      grants: [{ state: 'OPENING', breakGlass: true }],
      userErrors: [],
    })
    const { id } = requestAccess.request
    const listed = async (viewer: typeof admin) => (await tell('break-glass-to-review', {}, viewer)).requests.nodes
    expect(await listed(admin)).toMatchObject([
      { id, requester: { name: 'olga' }, justification: 'the shop is down', viewerCanReview: true },
    ])
    expect(await listed(operator)).toMatchObject([{ id, viewerCanReview: false }])
    const { reviewBreakGlass } = await tell('review-break-glass', { request: id, note: 'it was' })
    expect(reviewBreakGlass).toMatchObject({
      request: { id, breakGlass: { reviewedBy: { name: 'ada' }, note: 'it was' } },
      userErrors: [],
    })
    expect(await listed(admin)).toEqual([])
  })

  test('a scope is locked down: what is open there ends, and nothing can be asked for until it is lifted', async () => {
    const { grant } = await grantTo('web-24')
    const scope = machineKey('web-24')
    const { lockDown } = await tell('lock-down', { scope, reason: 'incident 7' })
    expect(lockDown).toMatchObject({ lockdown: { scope, reason: 'incident 7' }, grantsEnded: 1, userErrors: [] })
    expect(await tell('show-grant', { id: grant })).toMatchObject({
      grant: { state: 'CLOSING', endReason: 'LOCKED_DOWN' },
    })
    const { requestAccess } = await tell('request-access', { virtualMachine: machineId('web-24'), port: 22 }, requester)
    expect(requestAccess).toMatchObject({ request: null, userErrors: [{ code: 'LOCKED_DOWN' }] })
    const { virtualMachine } = await tell('show-virtual-machine', { id: machineId('web-24') })
    expect(virtualMachine.lockdowns).toEqual([{ scope, reason: 'incident 7' }])

    const { id } = lockDown.lockdown
    const { lockdowns } = await tell('list-lockdowns')
    expect(lockdowns.nodes).toMatchObject([{ id, beganBy: { name: 'ada' }, grantsEnded: 1, viewerCanLift: true }])
    const { liftLockDown } = await tell('lift-lock-down', { lockdown: id })
    expect(liftLockDown).toMatchObject({ lockdown: { id, liftedBy: { name: 'ada' } }, userErrors: [] })
    expect((await tell('list-lockdowns')).lockdowns.nodes).toEqual([])
    expect((await tell('list-lockdowns', { filter: { includeLifted: true } })).lockdowns.nodes).toMatchObject([{ id }])
    expect(await tell('show-lockdown', { id })).toMatchObject({ lockdown: { viewerCanLift: false, grantsEnded: 1 } })
  })
})
