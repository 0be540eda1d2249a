import { randomUUID } from 'node:crypto'
import { expect, it, vi } from 'vitest'
import { registerAccount } from '../../src/commands/register-account.ts'
import { startSimulator } from '../../src/cloud/simulator/start.ts'
import { startInventorySync } from '../../src/inventory/inventory-sync.ts'
import { silentLog } from '../../src/log/log.ts'
import { systemClock } from '../../src/time/clock.ts'
import { person } from '../graphql/support/context.ts'
import { connectSimulator } from '../support/cloud.ts'
import { useDatabase } from '../support/database.ts'
import { publish } from './support/publish.ts'

const database = useDatabase()

/** Somebody on the internet of whom no rule speaks. */
const strangers = ['192.0.2.77', '2001:db8:ffff::77']
const ports = [22, 80, 443, 445, 3_389, 5_432, 5_985, 5_986, 8_080]

it('the ports that are known to be open to anybody are those by which the cloud lets a stranger in', async () => {
  const { store, url } = database
  const simulator = await startSimulator({ operationMs: 0 })
  const published = publish(simulator, 'fw-payments', [
    { to: 'pay-app-01', port: 22 },
    { to: 'pay-app-01', port: 5_432 },
    { to: 'pay-batch-01', port: 22 },
    { to: 'pay-desk-01', port: 3_389 },
    { to: 'pay-desk-01', port: 22, sources: ['198.51.100.0/24'] },
  ])
  for (const { id } of simulator.subscriptions)
    await registerAccount({ store, viewer: person(randomUUID(), 'POLICY_ADMIN') }, { subscriptionId: id })
  const sync = startInventorySync({
    store,
    url,
    cloud: connectSimulator(simulator),
    clock: systemClock,
    log: silentLog,
  })
  await vi.waitFor(
    async () => {
      const { rows } = await store.pool.query('select status from accounts')
      expect(rows).toEqual(simulator.subscriptions.map(() => ({ status: 'CONNECTED' })))
    },
    { timeout: 30_000, interval: 50 },
  )
  await sync.stop()
  const { rows } = await store.pool.query<{
    id: string
    name: string
    ports: { first: number; last: number; protocol: string }[]
  }>(
    `select v.id, v.name, coalesce(o.ports, '[]') as ports from virtual_machines v left join open_ports o on o.vm_id = v.id
     where v.unsupported_reason is distinct from 'CLASSIC' order by v.name`,
  )
  const difference = rows.flatMap(({ id, name, ports: open }) =>
    ports.flatMap((port) =>
      (['TCP', 'UDP'] as const).flatMap((protocol) => {
        const known = open.some(
          (one) => one.first <= port && port <= one.last && [protocol, 'ANY'].includes(one.protocol),
        )
        // Nothing stands before the one with neither group nor public address but the firewall.
        const passes = strangers.some(
          (source) =>
            (name !== 'pay-batch-01' && simulator.packetPasses({ vmId: id, source, port, protocol }).passes) ||
            published.some((at) => {
              const { passes: arrives, reached } = simulator.packetArrives({ ...at, source, protocol })
              return arrives && reached?.vmId === id && reached.port === port
            }),
        )
        return known === passes
          ? []
          : [`${name} ${String(port)} ${protocol}: known ${String(known)}, passes ${String(passes)}`]
      }),
    ),
  )
  await simulator.stop()
  expect(rows.length).toBe(58)
  expect(rows.filter(({ ports: open }) => open.length > 0).length).toBeGreaterThan(20)
  expect(difference).toEqual([])
}, 60_000)
