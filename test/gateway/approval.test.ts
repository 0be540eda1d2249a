import { describe, expect, it, vi } from 'vitest'
import { globalId } from '../../src/graphql/global-id.ts'
import { smallEstate, sshForAll } from '../support/cloud-estate.ts'
import { story } from './support/client.ts'
import { watch } from './support/watch.ts'
import { useWholeGateway } from './support/whole-gateway.ts'

const { estate, machine } = smallEstate(
  ['bank-1', 'bank-2', 'bank-3'].map((name) => ({ name, nsgs: 'both' as const, rules: sshForAll })),
)
const gateway = useWholeGateway(estate)
const id = (name: string) => globalId('VirtualMachine', machine(name).vmId)
const within = { timeout: 10_000, interval: 20 }
const TEN_MINUTES = 600_000

/** Whether a packet of Ben's reaches SSH of the machine: what the cloud says, not what the gateway believes. */
const passes = (name: string) =>
  gateway.simulator.packetPasses({ vmId: machine(name).vmId, source: '203.0.113.7', port: 22, protocol: 'TCP' }).passes

/** Puts a machine under JIT with an approval of whoever may give it by a role, which of these three only Ada has. */
async function protect(name: string): Promise<void> {
  const document = `mutation ($vm: ID!) { enableJit(input: { virtualMachines: [$vm], approvalRule: { approvalsNeeded: 1 } }) {
    results { userErrors { message } } userErrors { message } } }`
  await vi.waitFor(async () => {
    const { enableJit } = await gateway.ada.ask(document, { vm: id(name) })
    expect(enableJit).toEqual({ results: [{ userErrors: [] }], userErrors: [] })
  }, within)
  await vi.waitFor(() => expect(passes(name)).toBe(false), within)
}

async function request(name: string, more: object = {}) {
  const document = `mutation ($input: RequestAccessInput!) { requestAccess(input: $input) {
    request { id status } grants { id state } userErrors { message } } }`
  const targets = [{ virtualMachine: id(name), ports: [{ port: 22 }] }]
  const input = { targets, sources: ['203.0.113.7'], duration: 'PT10M', justification: 'deploy', ...more }
  const { requestAccess } = await gateway.ben.ask(document, { input })
  expect(requestAccess).toMatchObject({
    request: { status: 'PENDING_APPROVAL' },
    grants: [{ state: 'PENDING_APPROVAL' }],
  })
  return { request: requestAccess.request.id as string, grant: requestAccess.grants[0].id as string }
}

async function latest(): Promise<string> {
  const { activity } = await gateway.ada.ask('{ activity(first: 1) { nodes { cursor } } }')
  return activity.nodes[0].cursor
}

describe('a port that needs approval', () => {
  it('is asked for, seen by its approver, approved, opened for a while and closed for sure', async () => {
    await protect('bank-1')
    const after = await latest()
    const approver = watch(gateway.ada, 'watch-requests', { after })
    const holder = watch(gateway.ben, 'resume-watching', { after, filter: { virtualMachines: [id('bank-1')] } })
    try {
      const asked = await request('bank-1')
      expect(await approver.next()).toMatchObject({
        kind: 'ACCESS_REQUESTED',
        requestId: asked.request,
        requesterId: 'ben',
        justification: 'deploy',
      })
      expect(await holder.next()).toMatchObject({
        kind: 'GRANT_REQUESTED',
        grantId: asked.grant,
        state: 'PENDING_APPROVAL',
      })
      const { requests } = await gateway.ada.ask(story('requests-awaiting-me'))
      expect(requests.nodes).toMatchObject([
        { id: asked.request, ports: { nodes: [{ virtualMachineName: 'bank-1' }] } },
      ])
      expect(passes('bank-1')).toBe(false)

      // Neither who asked nor a reader can say yes.
      for (const who of [gateway.ben, gateway.cleo]) {
        const { approveRequest } = await who.ask(story('approve-request'), { request: asked.request })
        expect(approveRequest).toMatchObject({ request: null, userErrors: [{ code: 'NOT_PERMITTED' }] })
      }
      const { approveRequest } = await gateway.ada.ask(story('approve-request'), {
        request: asked.request,
        reason: 'go',
      })
      expect(approveRequest).toMatchObject({ counted: true, request: { status: 'APPROVED' }, userErrors: [] })
      expect(await approver.next()).toMatchObject({ kind: 'APPROVAL_DECIDED', verdict: 'APPROVED', reason: 'go' })
      expect(await approver.next()).toMatchObject({ kind: 'REQUEST_APPROVED', requestId: asked.request })
      expect(await holder.next()).toMatchObject({ kind: 'GRANT_OPENING', endsAt: null })
      expect(await holder.next()).toMatchObject({ kind: 'GRANT_ACTIVATED', endsAt: expect.any(String) })
      expect(passes('bank-1')).toBe(true)

      await gateway.database.advance(TEN_MINUTES)
      expect(await holder.next()).toMatchObject({ kind: 'GRANT_CLOSING', endReason: 'TIME_UP' })
      expect(await holder.next()).toMatchObject({ kind: 'GRANT_CLOSED', state: 'CLOSED' })
      expect(passes('bank-1')).toBe(false)
    } finally {
      await Promise.all([approver.stop(), holder.stop()])
    }
  })

  it('opens at the moment it was asked for when it was approved before, for as long as was asked', async () => {
    await protect('bank-2')
    const { rows } = await gateway.database.store.pool.query<{ at: Date }>(
      `select gateway_now() + interval '1 hour' as at`,
    )
    const asked = await request('bank-2', { startsAt: rows[0]?.at })
    await gateway.ada.ask(story('approve-request'), { request: asked.request })
    const grant = async () => (await gateway.ben.ask(story('show-grant'), { id: asked.grant })).grant
    expect(await grant()).toMatchObject({ state: 'SCHEDULED', endsAt: null })
    expect(passes('bank-2')).toBe(false)
    await gateway.database.advance(3_600_000)
    await vi.waitFor(async () => expect(await grant()).toMatchObject({ state: 'ACTIVE' }), within)
    expect(passes('bank-2')).toBe(true)
    await gateway.database.advance(TEN_MINUTES)
    await vi.waitFor(async () => expect(await grant()).toMatchObject({ state: 'CLOSED', endReason: 'TIME_UP' }), within)
    expect(passes('bank-2')).toBe(false)
  })

  it('stays closed when it is denied, withdrawn, or decided by nobody', async () => {
    await protect('bank-3')
    const [denied, withdrawn, forgotten] = [await request('bank-3'), await request('bank-3'), await request('bank-3')]
    await gateway.ada.ask(story('deny-request'), { request: denied.request })
    await gateway.ben.ask(story('withdraw-request'), { request: withdrawn.request })
    await gateway.database.advance(86_400_000)
    const ended = async ({ grant }: { readonly grant: string }) => {
      const { grant: shown } = await gateway.ben.ask(story('show-grant'), { id: grant })
      return `${shown.state} ${shown.endReason} ${shown.activity.nodes.map(({ kind }: { kind: string }) => kind).join()}`
    }
    await vi.waitFor(async () => {
      expect([await ended(denied), await ended(withdrawn), await ended(forgotten)]).toEqual([
        'CLOSED DENIED GRANT_REQUESTED,GRANT_CLOSED',
        'CLOSED WITHDRAWN GRANT_REQUESTED,GRANT_CLOSED',
        'CLOSED LAPSED GRANT_REQUESTED,GRANT_CLOSED',
      ])
    }, within)
    expect(passes('bank-3')).toBe(false)
    const { rows } = await gateway.database.store.pool.query(
      'select 1 from enforcements e join grants g on g.id = e.grant_id where g.activated_at is null',
    )
    expect(rows).toEqual([])
  })
})
