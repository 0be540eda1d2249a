import { afterAll, describe, expect, test } from 'vitest'
import { startFeed } from '../../../src/activity/feed.ts'
import { announceEnds } from '../../../src/commands/announce-ends.ts'
import { enableJit } from '../../../src/commands/enable-jit.ts'
import { parseGlobalId } from '../../../src/graphql/global-id.ts'
import { silentLog } from '../../../src/log/log.ts'
import { systemClock } from '../../../src/time/clock.ts'
import { settled } from '../../support/settled.ts'
import { contextOf } from '../support/context.ts'
import { machineId, machineKey } from '../support/small-estate.ts'
import { story } from '../support/stories.ts'
import { watch } from '../support/watch.ts'
import { admin, requester, useTeller } from './support/teller.ts'

const { database, tell, grantTo } = useTeller()

describe('requests and grants', () => {
  test('a port is asked for and released', async () => {
    await enableJit({ store: database.store, viewer: admin }, { vmIds: [machineKey('web-4')] })
    const variables = { virtualMachine: machineId('web-4'), port: 22, duration: 'PT10M', justification: 'deploy' }
    const { requestAccess } = await tell('request-access', variables, requester)
    const [grant] = requestAccess.grants
    expect(requestAccess).toMatchObject({ request: { status: 'APPROVED' }, userErrors: [] })
    expect(grant).toMatchObject({ state: 'OPENING', port: 22, sources: ['203.0.113.7/32'], duration: 'PT10M' })
    expect(await tell('my-requests', { first: 1 }, requester)).toMatchObject({
      requests: { nodes: [{ justification: 'deploy', grants: { nodes: [{ id: grant.id, viewerCanRelease: true }] } }] },
    })
    expect(await tell('release-grant', { grant: grant.id }, requester)).toMatchObject({
      releaseGrant: { grant: { state: 'CLOSING', endReason: 'RELEASED' }, userErrors: [] },
    })
  })

  test('several ports are asked for: what is permitted is granted, and every failed constraint is listed', async () => {
    const ports = [
      { port: 22, maximumDurationSeconds: 3_600 },
      { port: 443, allowedSources: ['10.0.0.0/8'] },
    ]
    await enableJit({ store: database.store, viewer: admin }, { vmIds: [machineKey('web-5')], ports })
    const targets = [
      { virtualMachine: machineId('web-5'), ports: [{ port: 22 }, { port: 443 }] },
      { virtualMachine: machineId('web-6'), ports: [{ port: 22 }] },
    ]
    const input = { targets, sources: ['198.51.100.0/24'], duration: 'PT1H', justification: 'migration' }
    const { requestAccess } = await tell('request-several-ports', { input }, requester)
    expect(requestAccess.grants).toMatchObject([{ port: 22, virtualMachine: { name: 'web-5' } }])
    expect(requestAccess.userErrors).toMatchObject([
      { code: 'POLICY_VIOLATION', constraint: 'SOURCE', allowed: ['10.0.0.0/8'], asked: '198.51.100.0/24' },
      { code: 'CONFLICT', field: ['targets', '1', 'virtualMachine'] },
    ])
  })

  test('a grant is extended by its holder, and its end is announced', async () => {
    const { grant, policy } = await grantTo('web-22')
    const { store } = database
    for (const beforeEnd of ['PT15M', 'PT0S', null]) {
      const { updatePolicy } = await tell('set-notice', { policies: [policy], beforeEnd })
      expect(updatePolicy).toMatchObject({ results: [{ policy: { noticeBeforeEnd: beforeEnd } }], userErrors: [] })
    }
    expect((await tell('set-notice', { policies: [policy], beforeEnd: 'PT2H' })).updatePolicy.userErrors).toMatchObject(
      [{ code: 'INVALID_INPUT', field: ['noticeRule', 'beforeEnd'] }],
    )
    await store.pool.query(
      `update grants set state = 'ACTIVE', activated_at = gateway_now(), ends_at = gateway_now() + interval '10 minutes'
       where id = $1`,
      [parseGlobalId(grant)?.id],
    )
    const feed = startFeed({ store, url: database.url, clock: systemClock, log: silentLog })
    afterAll(() => feed.stop())
    const watching = await watch(feed, contextOf(store, requester), story('watch-ends'))
    const shown = await tell('show-grant', { id: grant }, requester)
    expect(shown.grant).toMatchObject({ viewerCanExtend: true, extension: { longest: 'PT3H' }, extendedAt: null })

    const asked = { grant, duration: 'PT30M', justification: 'still busy' }
    const { extendGrant } = await tell('extend-grant', asked, requester)
    expect(extendGrant).toMatchObject({
      request: { kind: 'EXTENSION', status: 'APPROVED', extension: { duration: 'PT30M' } },
      grant: { id: grant, state: 'ACTIVE', extendedAt: expect.any(String) },
      userErrors: [],
    })
    const { previousEndsAt, extendedTo } = extendGrant.request.extension
    expect((await watching.next()).grantEvents).toMatchObject({
      kind: 'GRANT_EXTENDED',
      grantId: grant,
      previousEndsAt,
      endsAt: extendedTo,
      extension: null,
    })
    await store.pool.query('update grants set notice_at = gateway_now() where id = $1', [parseGlobalId(grant)?.id])
    await announceEnds(store, 10)
    expect((await watching.next()).grantEvents).toMatchObject({
      kind: 'GRANT_ENDS_SOON',
      grantId: grant,
      previousEndsAt: null,
      extension: { longest: 'PT3H', until: expect.any(String) },
    })
    await watching.stop()
    const after = await tell('show-grant', { id: grant })
    expect(after.grant).toMatchObject({
      viewerCanExtend: false,
      extensions: { nodes: [{ previousEndsAt, extendedTo, request: { justification: 'still busy' } }] },
    })
  })

  test('a request and a grant are followed, and an operator revokes it', async () => {
    const { request, grant } = await grantTo('web-7')
    expect(await tell('show-request', { id: request })).toMatchObject({
      request: { requester: { id: 'rob' }, grants: { nodes: [{ id: grant, state: 'OPENING', failure: null }] } },
    })
    const { grants } = await tell('live-grants')
    expect(grants.nodes).toContainEqual(expect.objectContaining({ id: grant, viewerCanRevoke: true, overdueBy: null }))
    expect(await tell('revoke-grant', { grant })).toMatchObject({
      revokeGrant: { grant: { state: 'CLOSING', endReason: 'REVOKED', requester: { name: 'rob' } } },
    })
    await settled(database.store)
    const shown = await tell('show-grant', { id: grant })
    expect(shown.grant.activity.nodes).toMatchObject([
      { kind: 'GRANT_OPENING', actor: { name: 'rob' } },
      { kind: 'GRANT_CLOSING', actor: { name: 'ada' } },
    ])
  })

  test('a machine is shown with its path, its policy and who has access now', async () => {
    const { grant, policy } = await grantTo('web-8')
    expect(await tell('show-virtual-machine', { id: machineId('web-8') })).toMatchObject({
      virtualMachine: {
        interfaces: [{ path: [{ level: 'SUBNET', boundary: { name: 'front' } }] }],
        policy: { id: policy },
        grants: { nodes: [{ id: grant, requester: { name: 'rob' } }] },
      },
    })
  })

  test('whatever an id stands for is found', async () => {
    const { grant } = await grantTo('web-9')
    expect(await tell('find-by-id', { id: grant })).toMatchObject({ node: { __typename: 'Grant', state: 'OPENING' } })
    expect(await tell('refresh-by-ids', { ids: [machineId('web-9'), grant] })).toMatchObject({
      nodes: [{ jitStatus: 'CONFIGURED' }, { id: grant, state: 'OPENING' }],
    })
  })
})
