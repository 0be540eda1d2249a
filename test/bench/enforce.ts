import { randomUUIDv7 } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { decideRequest } from '../../src/commands/decide-request.ts'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { registerAccount } from '../../src/commands/register-account.ts'
import { requestAccess } from '../../src/commands/request-access.ts'
import { startEnforcer } from '../../src/enforcer/enforcer.ts'
import { startInventorySync } from '../../src/inventory/inventory-sync.ts'
import { silentLog } from '../../src/log/log.ts'
import { systemClock } from '../../src/time/clock.ts'
import { azureStage } from './enforce/azure.ts'
import { ec2Stage } from './enforce/ec2.ts'
import type { Way } from './enforce/stage.ts'
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
/** Somebody who may do the same, and is somebody else. */
const person = () => ({ ...ada, actor: { ...ada.actor, id: randomUUIDv7() } })
const source = '203.0.113.7'

const boundaries = ['nsg', 'firewall', 'security-group'] as const

/**
 * Opens one grant on each of `--grants` machines at once, lets all expire at one instant, and asks the oracle what is
 * left. `--boundary` says what stands before the machines: `nsg`, `--nsgs` groups in Azure; `firewall`, one before them;
 * `security-group`, a group in EC2 for each. `--latency` is that of every call to the cloud, `--operation` that of a
 * write in Azure and `--firewall-operation` that of one of its firewalls, in milliseconds: 80, some seconds, and minutes
 * (here 20 seconds). EC2 takes 5 calls of a kind a second, and 50 at once. With `--approvals` each grant has to be approved
 * by so many before it opens, who do so at once; what it takes to open counts from the last of them.
 */
export async function run(flags: BenchFlags): Promise<object> {
  const number = (name: string, value: number) => Number(flags[name] ?? value)
  const boundary = boundaries.find((one) => one === (flags['boundary'] ?? 'nsg'))
  if (boundary === undefined) throw new Error(`--boundary is one of ${boundaries.join(', ')}`)
  const usual = { nsg: [500, 30], firewall: [200, 90], 'security-group': [100, 60] } as const
  const [machines, lasts] = usual[boundary]
  const [grants, nsgs, seconds] = [number('grants', machines), number('nsgs', 10), number('seconds', lasts)]
  const approvals = number('approvals', 0)
  const pace = {
    latencyMs: number('latency', 80),
    operationMs: number('operation', 1_500),
    firewallOperationMs: number('firewall-operation', 20_000),
  }
  const say = (text: string) => process.stderr.write(`${text}\n`)

  await using started = new AsyncDisposableStack()
  const database = await useBenchDatabase()
  started.defer(() => database.stop())
  const { store, url } = database
  const azure = { machines: grants, groups: nsgs, firewall: boundary === 'firewall', seed: number('seed', 1) }
  const stage = await (boundary === 'security-group' ? ec2Stage(grants, pace) : azureStage(azure, pace))
  started.defer(() => stage.stop())
  const { cloud, vmIds } = stage
  const parts = { store, url, cloud, clock: systemClock, log: silentLog }
  const ask = async (text: string, ...values: unknown[]) =>
    (await store.pool.query<Record<string, never>>(text, values)).rows as Record<string, any>[]
  const until = async (holds: () => Promise<boolean>) => {
    while (!(await holds())) await delay(20)
  }

  await registerAccount({ store, viewer: ada }, stage.account)
  const inventory = startInventorySync(parts)
  await until(async () => (await ask(`select from accounts where status = 'CONNECTED'`)).length > 0)
  await inventory.stop()
  const enforcer = startEnforcer(parts)
  started.defer(() => enforcer.stop())
  for (let first = 0; first < grants; first += 500)
    await enableJit(
      { store, viewer: ada },
      { vmIds: vmIds.slice(first, first + 500), ports: [{ port: 22 }], approvalRule: { approvalsNeeded: approvals } },
    )
  await until(async () => !vmIds.some((vmId) => stage.passes(vmId, source)))
  await until(async () => (await ask('select from boundary_reconciles where lease_owner is not null')).length === 0)
  say(`${String(grants)} machines are closed`)

  stage.pace()
  const before = stage.writes()
  const endsAt = new Date(Date.now() + seconds * 1_000)
  const batches = Array.from({ length: Math.ceil(grants / 100) }, (_, index) =>
    vmIds.slice(index * 100, index * 100 + 100),
  )
  const answers = await Promise.all(
    batches.map((batch) =>
      requestAccess(
        { store, viewer: person() },
        { targets: batch.map((vmId) => ({ vmId, ports: [{ port: 22 }] })), sources: [source], endsAt },
      ),
    ),
  )
  const decisions = Array.from({ length: approvals }, () => person()).map((viewer) =>
    Promise.all(
      answers.map(({ requestId }) => decideRequest({ store, viewer }, { requestId: requestId ?? '' }, 'APPROVED')),
    ),
  )
  const refusal = [...answers, ...(await Promise.all(decisions)).flat()].flatMap(({ userErrors }) => userErrors)[0]
  if (refusal !== undefined) throw new Error(refusal.message)
  await until(async () => (await ask(`select from grants where state = 'OPENING'`)).length === 0)
  const opened = await ask(
    `select extract(epoch from g.activated_at - greatest(g.requested_at, r.decided_at))::float8 * 1000 as ms
     from grants g join requests r on r.id = g.request_id where g.activated_at is not null`,
  )
  const openWrites = stage.writes() - before
  say(`${String(opened.length)} grants are open after ${String(openWrites)} writes`)

  /** Machines that whoever had a grant gets to. */
  const reached = async () => {
    if (boundary !== 'firewall') return vmIds.filter((vmId) => stage.passes(vmId, source)).length
    const ways = await ask(`select public_address as address, public_port as port from enforcements e
      join grants g on g.id = e.grant_id where public_address is not null`)
    return ways.filter((way) => stage.arrives(way as Way, source)).length
  }
  const openAtFirst = await reached()
  await delay(endsAt.getTime() - Date.now())
  const openAtEnd = await reached()
  await until(async () => (await ask(`select from grants where state <> 'CLOSED'`)).length === 0)
  const proven = await ask(`select extract(epoch from closed_at - ends_at)::float8 * 1000 as ms from grants`)
  const lateness =
    stage.closings(before + openWrites)?.map((at) => at - endsAt.getTime()) ?? proven.map(({ ms }) => ms as number)
  const opens = opened.map(({ ms }) => ms as number)
  return {
    bench: 'enforce',
    boundary,
    grants,
    approvals,
    nsgs: boundary === 'security-group' ? null : nsgs,
    cloudWrites: stage.writes() - before,
    openP50Ms: percentile(opens, 50),
    openP99Ms: percentile(opens, 99),
    closeLatenessP50Ms: percentile(lateness, 50),
    closeLatenessP99Ms: percentile(lateness, 99),
    openAtFirst,
    openAtEnd,
    leftOpen: await reached(),
  }
}
