import { describe, expect, it, vi } from 'vitest'
import { globalId } from '../../src/graphql/global-id.ts'
import { smallEstate, sshForAll } from '../support/cloud-estate.ts'
import { story, type ApiClient } from './support/client.ts'
import { watch } from './support/watch.ts'
import { useWholeGateway } from './support/whole-gateway.ts'

const { estate, machine } = smallEstate(
  ['long', 'short', 'shut', 'glass'].map((name) => ({ name, nsgs: 'both' as const, rules: sshForAll })),
)
const gateway = useWholeGateway(estate)
const id = (name: string) => globalId('VirtualMachine', machine(name).vmId)
const within = { timeout: 10_000, interval: 20 }
const minutes = 60_000

/** Whether a packet reaches SSH of the machine: what the cloud says, not what the gateway believes. */
const passes = (name: string) =>
  gateway.simulator.packetPasses({ vmId: machine(name).vmId, source: '203.0.113.7', port: 22, protocol: 'TCP' }).passes

async function protect(name: string, more: object = {}): Promise<void> {
  const document = `mutation ($input: EnableJitInput!) { enableJit(input: $input) {
    results { userErrors { message } } userErrors { message } } }`
  await vi.waitFor(async () => {
    const { enableJit } = await gateway.ada.ask(document, { input: { virtualMachines: [id(name)], ...more } })
    expect(enableJit).toEqual({ results: [{ userErrors: [] }], userErrors: [] })
  }, within)
  await vi.waitFor(() => expect(passes(name)).toBe(false), within)
}

/** Asks for SSH of a machine; what was answered. */
async function request(who: ApiClient, name: string, more: object = {}): Promise<any> {
  const document = `mutation ($input: RequestAccessInput!) { requestAccess(input: $input) {
    request { id status } grants { id state } userErrors { code message } } }`
  const targets = [{ virtualMachine: id(name), ports: [{ port: 22 }] }]
  const input = { targets, sources: ['203.0.113.7'], duration: 'PT10M', justification: 'deploy', ...more }
  return (await who.ask(document, { input })).requestAccess
}

/** The id of a grant of Ben's that is open. */
async function open(name: string): Promise<string> {
  const { grants } = await request(gateway.ben, name)
  await vi.waitFor(() => expect(passes(name)).toBe(true), within)
  await vi.waitFor(async () => expect(await shown(grants[0].id)).toMatchObject({ state: 'ACTIVE' }), within)
  return grants[0].id
}

const shown = async (grant: string) => (await gateway.ada.ask(story('show-grant'), { id: grant })).grant

/** The place of the latest fact. What is committed is seen once no older transaction is open. */
function latest(): Promise<string> {
  return vi.waitFor(async () => {
    const { activity } = await gateway.ada.ask('{ activity(first: 1) { nodes { cursor } } }')
    return activity.nodes[0].cursor as string
  }, within)
}

const kindsAt = async (name: string): Promise<string[]> => {
  const filter = { virtualMachines: [id(name)] }
  const { activity } = await gateway.ada.ask(story('audit-trail'), { filter })
  return activity.edges.map(({ node }: { node: { kind: string } }) => node.kind)
}

describe('whoever holds a grant', () => {
  it('is told before it ends, extends it without a gap, and loses it at the later end', async () => {
    await protect('long')
    await protect('short')
    const holder = watch(gateway.ben, 'watch-ends', { after: await latest() })
    try {
      const [grant, other] = [await open('long'), await open('short')]
      const { endsAt } = await shown(grant)
      await gateway.database.advance(6 * minutes)
      const soon = [await holder.next(), await holder.next()].find(({ grantId }) => grantId === grant)
      expect(soon).toMatchObject({ kind: 'GRANT_ENDS_SOON', endsAt, extension: { longest: 'PT3H' } })
      const { extendGrant } = await gateway.ben.ask(story('extend-grant'), { grant, duration: 'PT30M' })
      expect(extendGrant).toMatchObject({ request: { kind: 'EXTENSION', status: 'APPROVED' }, userErrors: [] })
      expect(await holder.next()).toMatchObject({ kind: 'GRANT_EXTENDED', grantId: grant, previousEndsAt: endsAt })

      // Past the end that both had.
      await gateway.database.advance(6 * minutes)
      await vi.waitFor(async () => expect(await shown(other)).toMatchObject({ state: 'CLOSED' }), within)
      expect([passes('long'), passes('short')]).toEqual([true, false])
      expect(await shown(grant)).toMatchObject({ state: 'ACTIVE' })

      await gateway.database.advance(20 * minutes)
      expect(await holder.next()).toMatchObject({ kind: 'GRANT_ENDS_SOON', endsAt: extendGrant.grant.endsAt })
      await gateway.database.advance(5 * minutes)
      await vi.waitFor(async () => expect(await shown(grant)).toMatchObject({ endReason: 'TIME_UP' }), within)
      await vi.waitFor(async () => expect(await shown(grant)).toMatchObject({ state: 'CLOSED' }), within)
      expect(passes('long')).toBe(false)
      expect((await kindsAt('long')).filter((kind) => kind === 'GRANT_ACTIVATED')).toHaveLength(1)
    } finally {
      await holder.stop()
    }
  })
})

describe('a lockdown', () => {
  it('closes what is open, at the cloud too, and keeps requests out until it is lifted', async () => {
    await protect('shut')
    const grant = await open('shut')
    const scope = machine('shut').vmId.toLowerCase()
    const refused = await gateway.ben.ask(story('lock-down'), { scope, reason: 'nobody asked' })
    expect(refused.lockDown).toMatchObject({ lockdown: null, userErrors: [{ code: 'NOT_PERMITTED' }] })
    const { lockDown } = await gateway.ada.ask(story('lock-down'), { scope, reason: 'incident 7' })
    expect(lockDown).toMatchObject({ lockdown: { reason: 'incident 7' }, grantsEnded: 1, userErrors: [] })
    await vi.waitFor(
      async () => expect(await shown(grant)).toMatchObject({ state: 'CLOSED', endReason: 'LOCKED_DOWN' }),
      within,
    )
    expect(passes('shut')).toBe(false)
    expect(await request(gateway.ben, 'shut')).toMatchObject({ request: null, userErrors: [{ code: 'LOCKED_DOWN' }] })

    await gateway.ada.ask(story('lift-lock-down'), { lockdown: lockDown.lockdown.id })
    expect(await shown(grant)).toMatchObject({ state: 'CLOSED' })
    await open('shut')
  })
})

describe('break-glass', () => {
  it('opens at once where nobody is there to approve, and waits for the review of somebody else', async () => {
    await protect('glass', { approvalRule: { approvalsNeeded: 1 } })
    const ordinary = await request(gateway.ada, 'glass')
    expect(ordinary).toMatchObject({ grants: [{ state: 'PENDING_APPROVAL' }] })
    const refused = await request(gateway.ben, 'glass', { breakGlass: true })
    expect(refused).toMatchObject({ request: null, userErrors: [{ code: 'NOT_PERMITTED' }] })
    expect(passes('glass')).toBe(false)

    const used = await request(gateway.ada, 'glass', { breakGlass: true, justification: 'the bank is down' })
    expect(used).toMatchObject({ request: { status: 'APPROVED' }, grants: [{ state: 'OPENING' }], userErrors: [] })
    await vi.waitFor(() => expect(passes('glass')).toBe(true), within)

    const review = { request: used.request.id, note: 'it was' }
    const own = await gateway.ada.ask(story('review-break-glass'), review)
    expect(own.reviewBreakGlass).toMatchObject({ request: null, userErrors: [{ code: 'NOT_PERMITTED' }] })
    const listed = async (who: ApiClient) => (await who.ask(story('break-glass-to-review'))).requests.nodes
    expect(await listed(gateway.cleo)).toMatchObject([{ viewerCanReview: false }])
    const role = { principalKind: 'USER', principalId: 'cleo', role: 'OPERATOR', scope: '/' }
    await gateway.ada.ask(story('assign-role'), role)
    await vi.waitFor(async () => {
      const { reviewBreakGlass } = await gateway.cleo.ask(story('review-break-glass'), review)
      expect(reviewBreakGlass).toMatchObject({ request: { breakGlass: { note: 'it was' } }, userErrors: [] })
    }, within)
    expect(await listed(gateway.cleo)).toEqual([])
    await vi.waitFor(
      async () =>
        expect((await kindsAt('glass')).filter((kind) => kind.startsWith('BREAK_GLASS'))).toEqual([
          'BREAK_GLASS_USED',
          'BREAK_GLASS_REVIEWED',
        ]),
      within,
    )
  })
})
