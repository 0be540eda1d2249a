import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Viewer } from '../../src/access/viewer.ts'
import { startSimulator, type Simulator } from '../../src/cloud/simulator/start.ts'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { requestAccess } from '../../src/commands/request-access.ts'
import { smallEstate, sshForAll, subscriptionId } from '../support/cloud-estate.ts'
import { useDatabase } from '../support/database.ts'
import { startProcess, type GatewayProcess } from './support/process.ts'

/** Where the enforcer is killed: on its way to the write, at it, behind it. */
const moments = [
  'before the write is sent',
  'as the write reaches the cloud, which loses it',
  'as the write reaches the cloud, which does it',
  'when the write is done and not yet answered',
  'when the write has taken effect and was not yet read back',
  'when it was read back and not yet recorded',
] as const
type Moment = (typeof moments)[number]
const steps = ['opening', 'closing'] as const

const cases = steps.flatMap((step) => moments.map((moment) => ({ step, moment })))
const nameOf = (index: number) => `crash-${index}`
const { estate, machine } = smallEstate(cases.map((_, index) => ({ name: nameOf(index), rules: sshForAll })))
const database = useDatabase()
const home = '203.0.113.7'
const within = { timeout: 12_000, interval: 20 }
const ada: Viewer = {
  actor: { kind: 'PERSON', id: 'ada', name: 'Ada' },
  groups: [],
  appRoles: [],
  rolesHeld: [{ role: 'POLICY_ADMIN', scope: '/' }],
  address: null,
}

let simulator: Simulator
let folder: string
let gateway: GatewayProcess | null = null

/** An enforcer in a process of its own, with the credential of a managed identity and nothing else of the simulator's. */
async function start(): Promise<void> {
  gateway = await startProcess({
    DATABASE_URL: database.url,
    DATA_DIR: folder,
    AZURE_CREDENTIAL: 'managed-identity',
    AZURE_SUBSCRIPTIONS: subscriptionId,
    ARM_ENDPOINT: simulator.endpoint,
    ARM_CA_FILE: join(folder, 'ca.pem'),
    IDENTITY_ENDPOINT: simulator.identityEndpoint,
    IDENTITY_HEADER: simulator.identityHeader,
  })
}

const kill = async () => {
  await gateway?.kill()
  gateway = null
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jit-gateway-crash-'))
  simulator = await startSimulator({ estate, operationMs: 10 })
  await writeFile(join(folder, 'ca.pem'), simulator.certificateAuthority)
  await start()
  await vi.waitFor(async () => {
    const vmIds = cases.map((_, index) => machine(nameOf(index)).vmId)
    const { results } = await enableJit({ store: database.store, viewer: ada }, { vmIds })
    expect(results.every(({ userErrors }) => userErrors.every(({ code }) => code === 'CONFLICT'))).toBe(true)
  }, within)
  for (const [index] of cases.entries()) await vi.waitFor(() => expect(passes(nameOf(index))).toBe(false), within)
})
afterEach(() => simulator.misbehave.stop())
afterAll(async () => {
  await kill()
  await simulator.stop()
  await rm(folder, { recursive: true, force: true })
})

const passes = (name: string) =>
  simulator.packetPasses({ vmId: machine(name).vmId, source: home, port: 22, protocol: 'TCP' }).passes

async function one<Row extends object>(text: string, ...values: unknown[]): Promise<Row> {
  const { rows } = await database.store.pool.query<Row>(text, values)
  if (rows[0] === undefined) throw new Error(`no row: ${text}`)
  return rows[0]
}

/** Moves the database's clock on, and has the enforcer look at it now: its own timers know nothing of that. */
async function timePasses(ms: number): Promise<void> {
  await database.advance(ms)
  await database.store.pool.query(`select pg_notify('jit_due', '')`)
}

async function becomes(grantId: string, ...states: string[]): Promise<void> {
  await vi.waitFor(async () => {
    const { state } = await one<{ state: string }>('select state from grants where id = $1', grantId)
    expect(states).toContain(state)
  }, within)
}

const isClaimed = (boundaryId: string) =>
  vi.waitFor(async () => {
    const { held } = await one<{ held: boolean }>(
      'select lease_owner is not null as held from boundary_reconciles where boundary_id = $1',
      boundaryId,
    )
    expect(held).toBe(true)
  }, within)

/** Arranges that the process is killed at the moment, in its next write of the boundary; `run` begins that write. */
async function killAt(moment: Moment, boundaryId: string, run: () => Promise<void>): Promise<void> {
  const killed = Promise.withResolvers<void>()
  const once = (when: 'beforeWrite' | 'afterWrite', act: () => Promise<void>) => {
    const off = simulator.on(when, async ({ resourceId }) => {
      if (resourceId !== boundaryId) return
      off()
      await act().then(killed.resolve, killed.reject)
    })
  }
  const reads = { at: boundaryId, method: 'GET' } as const
  if (moment === 'before the write is sent') {
    simulator.misbehave.hang(reads)
    await run()
    await isClaimed(boundaryId)
    await kill()
    killed.resolve()
  } else if (moment === 'as the write reaches the cloud, which loses it') {
    simulator.misbehave.loseAnswer('beforeCommit', { at: boundaryId, method: 'PUT', times: 1 })
    const asked = simulator.requests.puts
    await run()
    await vi.waitFor(() => expect(simulator.requests.puts).toBeGreaterThan(asked), within)
    await kill()
    killed.resolve()
  } else if (moment === 'as the write reaches the cloud, which does it') {
    once('beforeWrite', kill)
    await run()
  } else if (moment === 'when the write is done and not yet answered') {
    once('afterWrite', kill)
    await run()
  } else if (moment === 'when the write has taken effect and was not yet read back') {
    const before = passes(nameOfBoundary(boundaryId))
    const off = simulator.on('afterWrite', ({ resourceId }) => {
      if (resourceId !== boundaryId) return
      off()
      simulator.misbehave.hang(reads)
    })
    await run()
    await vi.waitFor(() => expect(passes(nameOfBoundary(boundaryId))).toBe(!before), within)
    await kill()
    killed.resolve()
  } else {
    const holder = await database.store.pool.connect()
    try {
      const locked = Promise.withResolvers<void>()
      let readBefore = Infinity
      const off = simulator.on('afterWrite', async ({ resourceId }) => {
        if (resourceId !== boundaryId) return
        off()
        readBefore = simulator.requests.gets
        await holder.query('begin')
        await holder.query('select 1 from boundary_reconciles where boundary_id = $1 for update', [boundaryId])
        locked.resolve()
      })
      await run()
      await locked.promise
      await vi.waitFor(async () => {
        const { waiting } = await one<{ waiting: boolean }>(
          `select exists (select 1 from pg_stat_activity where datname = current_database()
             and wait_event_type = 'Lock' and query like '%boundary_reconciles%') as waiting`,
        )
        expect([waiting, simulator.requests.gets > readBefore]).toEqual([true, true])
      }, within)
      await kill()
      await holder.query('rollback')
    } finally {
      holder.release()
    }
    killed.resolve()
  }
  await killed.promise
  simulator.misbehave.stop()
}

const nameOfBoundary = (boundaryId: string) =>
  nameOf(cases.findIndex((_, index) => machine(nameOf(index)).subnetNsgId === boundaryId))

describe.each(cases.map((each, index) => ({ ...each, index })))('an enforcer killed while $step, $moment', (each) => {
  it('leaves nothing open: the next one ends the grant, once', { timeout: 40_000 }, async () => {
    const name = nameOf(each.index)
    const boundaryId = machine(name).subnetNsgId ?? ''
    let grantId = ''
    const ask = async () => {
      const asked = {
        targets: [{ vmId: machine(name).vmId, ports: [{ port: 22 }] }],
        sources: [home],
        durationSeconds: 60,
      }
      grantId = (await requestAccess({ store: database.store, viewer: ada }, asked)).grantIds[0] ?? ''
    }
    const itEnds = () => timePasses(60_000)
    if (gateway === null) await start()
    if (each.step === 'opening') await killAt(each.moment, boundaryId, ask)
    else {
      await ask()
      await becomes(grantId, 'ACTIVE')
      await killAt(each.moment, boundaryId, itEnds)
    }
    // The lease of the dead runs out: seconds, by the database's clock.
    await database.advance(5_001)
    await start()
    if (each.step === 'opening') {
      await becomes(grantId, 'ACTIVE')
      expect(passes(name)).toBe(true)
      await itEnds()
    }
    await becomes(grantId, 'CLOSED')
    expect(passes(name)).toBe(false)
    const { ends } = await one<{ ends: number }>(
      `select count(*)::int as ends from activities where grant_id = $1 and kind in ('GrantClosed', 'GrantOpenFailed')`,
      grantId,
    )
    expect(ends).toBe(1)
  })
})
