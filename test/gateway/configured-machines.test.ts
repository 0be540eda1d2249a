import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Client } from 'graphql-ws'
import { globalId } from '../../src/graphql/global-id.ts'
import { smallEstate, sshForAll } from '../support/cloud-estate.ts'
import { story, type ApiClient } from './support/client.ts'
import { useWholeGateway } from './support/whole-gateway.ts'

const { estate, machine } = smallEstate([
  { name: 'shop', nsgs: 'both', publicAddress: '198.51.100.9', rules: sshForAll },
])
/** A write takes so long that what happens before a port is open is seen before it is open. */
const gateway = useWholeGateway(estate, 600)
const within = { timeout: 10_000, interval: 20 }
const shop = globalId('VirtualMachine', machine('shop').vmId)

async function listed(who: ApiClient): Promise<any> {
  const { virtualMachines } = await who.ask(story('configured-virtual-machines'))
  return virtualMachines.nodes[0]
}

async function request(who: ApiClient): Promise<string> {
  const variables = { virtualMachine: shop, port: 22, duration: 'PT10M', justification: 'deploy' }
  const { requestAccess } = await who.ask(story('request-access'), variables)
  expect(requestAccess.userErrors).toEqual([])
  return requestAccess.grants[0].id
}

/** A list of machines that is kept current: `latest` is what was last sent of the machine. */
function keep(who: ApiClient) {
  const socket: Client = who.webSocket()
  const sent: any[] = []
  const dispose = socket.subscribe<any>(
    { query: story('watch-virtual-machines'), variables: { filter: { jitStatus: ['CONFIGURED'] } } },
    {
      next: ({ data, errors }) => sent.push(...(errors ?? data.virtualMachineChanges.virtualMachines)),
      error() {},
      complete() {},
    },
  )
  return {
    sent,
    async stop() {
      dispose()
      await socket.dispose()
    },
  }
}

let list: ReturnType<typeof keep>
beforeAll(async () => {
  await vi.waitFor(async () => {
    const { enableJit } = await gateway.ada.ask(story('enable-jit-with-defaults'), { virtualMachines: [shop] })
    expect(enableJit.results[0].userErrors).toEqual([])
  }, within)
  list = keep(gateway.ada)
  await vi.waitFor(() => expect(list.sent.length).toBeGreaterThan(0), within)
})
afterAll(() => list.stop())

describe('a machine under JIT', () => {
  it('says what one connects to, as whom, and what guards it, before anybody came', async () => {
    expect(await listed(gateway.cleo)).toEqual({
      id: shop,
      name: 'shop',
      accessRequestsLast7Days: 0,
      lastAccess: null,
      publicAddresses: ['198.51.100.9'],
      addresses: machine('shop').addresses,
      adminUserName: 'azureadmin',
      policy: { ports: [{ port: 22, protocol: 'TCP' }] },
      guardedBy: 'NETWORK_SECURITY_GROUP',
    })
  })

  it('counts a request at once, and says who came last when the port is proven open, in a list that is kept current too', async () => {
    const id = await request(gateway.ben)
    expect(await listed(gateway.cleo)).toMatchObject({ accessRequestsLast7Days: 1, lastAccess: null })
    await vi.waitFor(() => {
      expect(list.sent.at(-1)).toMatchObject({
        accessRequestsLast7Days: 1,
        lastAccess: { by: { name: 'Ben, requester' } },
      })
    }, within)
    expect(list.sent).toContainEqual(expect.objectContaining({ accessRequestsLast7Days: 1, lastAccess: null }))
    const { grant } = await gateway.ada.ask('query ($id: ID!) { grant(id: $id) { activatedAt } }', { id })
    expect(await listed(gateway.cleo)).toMatchObject({
      lastAccess: {
        at: grant.activatedAt,
        by: { kind: 'PERSON', name: 'Ben, requester' },
        grant: { id, port: 22, state: 'ACTIVE' },
      },
    })
  })

  it('shows whoever came last to those who may read grants, and to others themselves only', async () => {
    const before = await listed(gateway.ben)
    const id = await request(gateway.ada)
    await vi.waitFor(async () => {
      expect(await listed(gateway.cleo)).toMatchObject({ accessRequestsLast7Days: 2, lastAccess: { grant: { id } } })
    }, within)
    expect(await listed(gateway.ben)).toEqual(before)
    expect(before).toMatchObject({ accessRequestsLast7Days: 1, lastAccess: { by: { name: 'Ben, requester' } } })
  })

  it('remembers it when the port is closed again, and for longer than it counts requests', async () => {
    await gateway.database.advance(600_000)
    const { lastAccess } = await listed(gateway.cleo)
    await vi.waitFor(async () => {
      expect(await listed(gateway.cleo)).toMatchObject({ lastAccess: { grant: { state: 'CLOSED' } } })
    }, within)
    await gateway.database.advance(7 * 86_400_000)
    expect(await listed(gateway.cleo)).toMatchObject({ accessRequestsLast7Days: 0, lastAccess: { at: lastAccess.at } })
  })
})
