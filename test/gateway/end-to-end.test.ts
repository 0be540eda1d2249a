import { describe, expect, it, vi } from 'vitest'
import { globalId } from '../../src/graphql/global-id.ts'
import type { ApiClient } from './support/client.ts'
import { story } from './support/client.ts'
import { smallEstate, sshForAll } from '../support/cloud-estate.ts'
import { useWholeGateway } from './support/whole-gateway.ts'

const names = ['shop-1', 'shop-2', 'shop-3', 'shop-4', 'shop-5']
const { estate, machine } = smallEstate(names.map((name) => ({ name, nsgs: 'both', rules: sshForAll })))
const gateway = useWholeGateway(estate)

const id = (name: string) => globalId('VirtualMachine', machine(name).vmId)
const office = '203.0.113.7'
const within = { timeout: 10_000, interval: 20 }

/** Whether a packet from `source` reaches a port of the machine: what the cloud says, not what the gateway believes. */
const passes = (name: string, source = office, port = 22) =>
  gateway.simulator.packetPasses({ vmId: machine(name).vmId, source, port, protocol: 'TCP' }).passes

/** Waits until inventory sync has found the machine, and puts it under JIT. */
async function protect(name: string): Promise<void> {
  await vi.waitFor(async () => {
    const { enableJit } = await gateway.ada.ask(story('enable-jit-with-defaults'), { virtualMachines: [id(name)] })
    expect(enableJit.results[0].userErrors).toEqual([])
  }, within)
  await vi.waitFor(() => expect(passes(name)).toBe(false), within)
}

/** Asks as Ben for SSH from the office, for ten minutes. */
async function request(name: string, who: ApiClient = gateway.ben): Promise<string> {
  const { requestAccess } = await who.ask(
    `mutation ($vm: ID!, $sources: [CIDR!]) {
      requestAccess(input: { targets: [{ virtualMachine: $vm, ports: [{ port: 22 }] }], sources: $sources, duration: "PT10M" }) {
        grants { id state } userErrors { code message }
      }
    }`,
    { vm: id(name), sources: [office] },
  )
  expect(requestAccess).toMatchObject({ grants: [{ state: 'OPENING' }], userErrors: [] })
  return requestAccess.grants[0].id
}

const tenMinutesPass = () => gateway.database.advance(600_000)

/** The place of the latest fact: who subscribes behind it misses nothing, however long the subscribing takes. */
async function latest(): Promise<string> {
  const { activity } = await gateway.ada.ask('{ activity(first: 1) { nodes { cursor } } }')
  return activity.nodes[0].cursor
}

/** The events about a machine behind a cursor, over WebSocket, one by one. */
function watch(who: ApiClient, name: string, after: string) {
  const client = who.webSocket()
  const variables = { after, filter: { virtualMachines: [id(name)] } }
  const events = client.iterate({ query: story('resume-watching'), variables })
  return {
    async next(): Promise<any> {
      const { value, done } = await events.next()
      if (done === true) throw new Error('the subscription has ended')
      if (value.errors !== undefined) throw new Error(JSON.stringify(value.errors))
      return value.data?.['grantEvents']
    },
    /** Cuts the connection, as a network does. */
    cut: () => client.terminate(),
    stop: () => client.dispose(),
  }
}

describe('a port', () => {
  it('opens for a while and closes for sure, and every step is seen on a subscription', async () => {
    expect(passes('shop-1')).toBe(true)
    await protect('shop-1')
    const events = watch(gateway.ben, 'shop-1', await latest())
    try {
      const grantId = await request('shop-1')
      expect(await events.next()).toMatchObject({ kind: 'GRANT_OPENING', grantId, state: 'OPENING', endsAt: null })
      expect(await events.next()).toMatchObject({
        kind: 'GRANT_ACTIVATED',
        grantId,
        state: 'ACTIVE',
        endsAt: expect.any(String),
      })
      expect(passes('shop-1')).toBe(true)
      expect(passes('shop-1', '203.0.113.8')).toBe(false)
      expect(passes('shop-1', office, 3389)).toBe(false)
      expect(passes('shop-1', '10.0.0.200')).toBe(false)

      await tenMinutesPass()
      expect(await events.next()).toMatchObject({ kind: 'GRANT_CLOSING', grantId, endReason: 'TIME_UP' })
      expect(await events.next()).toMatchObject({ kind: 'GRANT_CLOSED', grantId, state: 'CLOSED' })
      expect(passes('shop-1')).toBe(false)
    } finally {
      await events.stop()
    }
  })

  it('is seen the same way over server-sent events', async () => {
    await protect('shop-2')
    const variables = { after: await latest(), filter: { virtualMachines: [id('shop-2')] } }
    const events = gateway.ben.events(story('resume-watching'), variables)
    try {
      const grantId = await request('shop-2')
      expect((await events.next()).grantEvents).toMatchObject({ kind: 'GRANT_OPENING', grantId })
      expect((await events.next()).grantEvents).toMatchObject({ kind: 'GRANT_ACTIVATED' })
      await tenMinutesPass()
      expect((await events.next()).grantEvents).toMatchObject({ kind: 'GRANT_CLOSING' })
      expect((await events.next()).grantEvents).toMatchObject({ kind: 'GRANT_CLOSED' })
      expect(passes('shop-2')).toBe(false)
    } finally {
      events.stop()
    }
  })

  it('closes at once when its holder releases it, and when an operator revokes it', async () => {
    await protect('shop-3')
    for (const [story_, who, reason] of [
      ['release-grant', gateway.ben, 'RELEASED'],
      ['revoke-grant', gateway.ada, 'REVOKED'],
    ] as const) {
      const grant = await request('shop-3')
      await vi.waitFor(() => expect(passes('shop-3')).toBe(true), within)
      const answer = await who.ask(story(story_), { grant })
      expect(Object.values(answer)[0]).toMatchObject({ grant: { state: 'CLOSING' }, userErrors: [] })
      await vi.waitFor(() => expect(passes('shop-3')).toBe(false), within)
      await vi.waitFor(async () => {
        expect(await gateway.ben.ask(story('show-grant'), { id: grant })).toMatchObject({
          grant: { state: 'CLOSED', endReason: reason },
        })
      }, within)
    }
  })
})

describe('a subscriber that was cut off', () => {
  it('goes on behind its last cursor, on another replica too: no gap, no duplicate, in order', async () => {
    await protect('shop-4')
    const before = watch(gateway.ben, 'shop-4', await latest())
    const grantId = await request('shop-4')
    const opening = await before.next()
    expect(opening).toMatchObject({ kind: 'GRANT_OPENING', grantId })
    before.cut()

    await vi.waitFor(() => expect(passes('shop-4')).toBe(true), within)
    const elsewhere = await gateway.replica()
    const after = watch(elsewhere.ben, 'shop-4', opening.cursor)
    try {
      expect(await after.next()).toMatchObject({ kind: 'GRANT_ACTIVATED', grantId })
      await tenMinutesPass()
      const rest = [await after.next(), await after.next()]
      expect(rest.map(({ kind }) => kind)).toEqual(['GRANT_CLOSING', 'GRANT_CLOSED'])
      const { grant } = await gateway.ada.ask(
        `query ($id: ID!) { grant(id: $id) { activity(first: 20, orderBy: OLDEST_FIRST) { nodes { kind cursor } } } }`,
        { id: grantId },
      )
      expect(grant.activity.nodes.map(({ kind }: { kind: string }) => kind)).toEqual([
        'GRANT_OPENING',
        'GRANT_ACTIVATED',
        'GRANT_CLOSING',
        'GRANT_CLOSED',
      ])
      expect(grant.activity.nodes.at(-1).cursor).toBe(rest[1].cursor)
    } finally {
      await after.stop()
    }
  })
})

describe('a grant', () => {
  it('is seen by those who may read grants, and by nobody else', async () => {
    await protect('shop-5')
    const place = await latest()
    const [cleo, ben] = [gateway.cleo, gateway.ben].map((who) => watch(who, 'shop-5', place))
    try {
      // Ada asks: Cleo reads everything, Ben only what is his.
      const first = await request('shop-5', gateway.ada)
      expect(await cleo?.next()).toMatchObject({ kind: 'GRANT_OPENING', grantId: first })
      const own = await request('shop-5', gateway.ben)
      expect(await ben?.next()).toMatchObject({ kind: 'GRANT_OPENING', grantId: own })
      expect(await gateway.ben.ask(story('show-grant'), { id: first })).toEqual({ grant: null })
    } finally {
      await Promise.all([cleo?.stop(), ben?.stop()])
    }
  })
})
