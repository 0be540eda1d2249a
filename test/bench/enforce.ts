import { randomUUIDv7 } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { startSimulator } from '../../src/cloud/simulator/start.ts'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { registerAccount } from '../../src/commands/register-account.ts'
import { requestAccess } from '../../src/commands/request-access.ts'
import { startEnforcer } from '../../src/enforcer/enforcer.ts'
import { startInventorySync } from '../../src/inventory/inventory-sync.ts'
import { silentLog } from '../../src/log/log.ts'
import { systemClock } from '../../src/time/clock.ts'
import { connectSimulator } from '../support/cloud.ts'
import { smallEstate, sshForAll, subscriptionId } from '../support/cloud-estate.ts'
import type { BenchFlags } from './run.ts'
import { useBenchDatabase } from './support/database.ts'
import { percentile } from './support/percentile.ts'

const ada = {
  actor: { kind: 'PERSON', id: 'ada', name: 'Ada' },
  groups: [],
  appRoles: [],
  rolesHeld: [{ role: 'POLICY_ADMIN', scope: '/' }],
  address: null,
} as const
const source = '203.0.113.7'

/**
 * Opens one grant on each of `--grants` machines behind `--nsgs` groups at once, lets all expire at one instant, and
 * asks the oracle what is left. `--latency` is that of every call to the cloud, `--operation` that of a write, in
 * milliseconds: Azure's are about 80 and some seconds. With `--boundary=firewall` a firewall stands before the machines,
 * whose writes take `--firewall-operation`: in Azure minutes, here 20 seconds.
 */
export async function run(flags: BenchFlags): Promise<object> {
  const number = (name: string, value: number) => Number(flags[name] ?? value)
  const firewalled = (flags['boundary'] ?? 'group') === 'firewall'
  const [grants, nsgs, seed] = [number('grants', firewalled ? 200 : 500), number('nsgs', 10), number('seed', 1)]
  const [latencyMs, operationMs] = [number('latency', 80), number('operation', 1_500)]
  const firewallOperationMs = number('firewall-operation', 20_000)
  const seconds = number('seconds', firewalled ? 90 : 30)
  const say = (text: string) => process.stderr.write(`${text}\n`)

  const { estate, machine } = smallEstate(
    Array.from({ length: grants }, (_, index) => ({
      name: `vm-${String(index)}`,
      subnet: `subnet-${String(index % nsgs)}`,
      rules: sshForAll,
    })),
    firewalled ? { name: 'fw', publicAddresses: ['198.51.100.1'] } : undefined,
  )
  const vmIds = Array.from({ length: grants }, (_, index) => machine(`vm-${String(index)}`).vmId)
  const nsgOf = new Map(vmIds.map((id, index) => [id, machine(`vm-${String(index)}`).subnetNsgId ?? '']))

  await using started = new AsyncDisposableStack()
  const database = await useBenchDatabase()
  started.defer(() => database.stop())
  const { store, url } = database
  const spread = (ms: number) => ({ from: ms * 0.7, to: ms * 1.3 })
  const simulator = await startSimulator({ estate, seed, operationMs: 0 })
  started.defer(() => simulator.stop())
  const cloud = connectSimulator(simulator)
  const parts = { store, url, cloud, clock: systemClock, log: silentLog }
  const ask = async (text: string, ...values: unknown[]) =>
    (await store.pool.query<Record<string, never>>(text, values)).rows as Record<string, any>[]
  const until = async (holds: () => Promise<boolean>) => {
    while (!(await holds())) await delay(20)
  }

  await registerAccount({ store, viewer: ada }, { subscriptionId })
  const inventory = startInventorySync(parts)
  await until(async () => (await ask(`select from accounts where status = 'CONNECTED'`)).length > 0)
  await inventory.stop()
  const enforcer = startEnforcer(parts)
  started.defer(() => enforcer.stop())
  for (let first = 0; first < grants; first += 500)
    await enableJit({ store, viewer: ada }, { vmIds: vmIds.slice(first, first + 500), ports: [{ port: 22 }] })
  const passes = (vmId: string) => simulator.packetPasses({ vmId, source, port: 22, protocol: 'TCP' }).passes
  await until(async () => !vmIds.some(passes))
  await until(async () => (await ask('select from boundary_reconciles where lease_owner is not null')).length === 0)
  say(`${String(grants)} machines behind ${String(nsgs)} groups are closed`)

  Object.assign(simulator.settings, {
    latencyMs,
    operationMs: spread(operationMs),
    firewallOperationMs: spread(firewallOperationMs),
    enforceQuotas: true,
  })
  const before = simulator.writes.length
  const endsAt = new Date(Date.now() + seconds * 1_000)
  const batches = Array.from({ length: Math.ceil(grants / 100) }, (_, index) =>
    vmIds.slice(index * 100, index * 100 + 100),
  )
  const answers = await Promise.all(
    batches.map((batch) =>
      requestAccess(
        { store, viewer: { ...ada, actor: { ...ada.actor, id: randomUUIDv7() } } },
        { targets: batch.map((vmId) => ({ vmId, ports: [{ port: 22 }] })), sources: [source], endsAt },
      ),
    ),
  )
  const refusal = answers.flatMap(({ userErrors }) => userErrors)[0]
  if (refusal !== undefined) throw new Error(refusal.message)
  await until(async () => (await ask(`select from grants where state = 'OPENING'`)).length === 0)
  const opened = await ask(
    `select extract(epoch from activated_at - requested_at)::float8 * 1000 as ms from grants where activated_at is not null`,
  )
  const openWrites = simulator.writes.length - before
  say(`${String(opened.length)} grants are open after ${String(openWrites)} writes`)

  /** Machines that whoever had a grant gets to. */
  const reached = async () => {
    if (!firewalled) return vmIds.filter(passes).length
    const ways = await ask(`select public_address as address, public_port as port from enforcements e
      join grants g on g.id = e.grant_id where public_address is not null`)
    return ways.filter(
      ({ address, port }) => simulator.packetArrives({ address, port, source, protocol: 'TCP' }).passes,
    ).length
  }
  const openAtFirst = await reached()
  await delay(endsAt.getTime() - Date.now())
  const openAtEnd = await reached()
  await until(async () => (await ask(`select from grants where state <> 'CLOSED'`)).length === 0)
  const removals = simulator.writes.slice(before + openWrites)
  const firstRemoval = (nsgId: string) =>
    removals.find((write) => write.resourceId === nsgId && write.ruleNamesRemoved.length > 0)
  const lateness = firewalled
    ? (await ask(`select extract(epoch from closed_at - ends_at)::float8 * 1000 as ms from grants`)).map(
        ({ ms }) => ms as number,
      )
    : vmIds.map((id) => (firstRemoval(nsgOf.get(id) ?? '')?.at ?? Infinity) - endsAt.getTime())
  const perNsg = (writes: typeof removals) =>
    Math.max(...[...new Set(nsgOf.values())].map((id) => writes.filter(({ resourceId }) => resourceId === id).length))
  say(
    `most writes of one group: ${String(perNsg(simulator.writes.slice(before, before + openWrites)))} to open, ${String(perNsg(removals))} to close`,
  )
  const opens = opened.map(({ ms }) => ms as number)
  return {
    bench: 'enforce',
    boundary: firewalled ? 'firewall' : 'group',
    grants,
    nsgs,
    cloudWrites: simulator.writes.length - before,
    openP50Ms: percentile(opens, 50),
    openP99Ms: percentile(opens, 99),
    closeLatenessP50Ms: percentile(lateness, 50),
    closeLatenessP99Ms: percentile(lateness, 99),
    openAtFirst,
    openAtEnd,
    leftOpen: await reached(),
  }
}
