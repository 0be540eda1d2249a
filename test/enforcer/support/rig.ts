import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest'
import type { Viewer } from '../../../src/access/viewer.ts'
import type { Cloud } from '../../../src/cloud/port.ts'
import type { DrawnMachine, FirewallSketch, MachineSketch } from '../../../src/cloud/simulator/estate/sketch.ts'
import { startSimulator, type Simulator } from '../../../src/cloud/simulator/start.ts'
import { enableJit } from '../../../src/commands/enable-jit.ts'
import { registerAccount } from '../../../src/commands/register-account.ts'
import { requestAccess } from '../../../src/commands/request-access.ts'
import { revokeGrant } from '../../../src/commands/revoke-grant.ts'
import { startEnforcer, type EnforcerOptions } from '../../../src/enforcer/enforcer.ts'
import { startInventorySync } from '../../../src/inventory/inventory-sync.ts'
import { startKeepingOpenPorts } from '../../../src/inventory/keep-open-ports.ts'
import { silentLog } from '../../../src/log/log.ts'
import { systemClock } from '../../../src/time/clock.ts'
import { connectSimulator } from '../../support/cloud.ts'
import { smallEstate, subscriptionId } from '../../support/cloud-estate.ts'
import { useDatabase, type TestDatabase } from '../../support/database.ts'

export const within = { timeout: 10_000, interval: 10 }
export const home = '203.0.113.7'

const ada: Viewer = {
  actor: { kind: 'PERSON', id: 'ada', name: 'Ada' },
  groups: [],
  appRoles: [],
  rolesHeld: [{ role: 'POLICY_ADMIN', scope: '/' }],
  address: home,
}

export interface GrantRow {
  readonly state: string
  readonly end_reason: string | null
  readonly fault_code: string | null
  readonly fault_message: string | null
  readonly close_attempts: number
  readonly last_close_error: string | null
  readonly drifted: boolean
  readonly ends_at: Date | null
}

/** Everything behind the API, over a database and a simulated cloud of the test file's own. */
export interface Rig {
  readonly database: TestDatabase
  readonly simulator: Simulator
  readonly cloud: Cloud
  machine(name: string): DrawnMachine
  /** Starts an enforcer, and what looks for open ports beside it; both are stopped after the test. */
  enforce(options?: Partial<EnforcerOptions>): { stop(): Promise<void> }
  /** Enables JIT on machines, for port 22 of each. */
  protect(...names: readonly string[]): Promise<void>
  /** Asks for port 22 of machines from `source`, for ten minutes: a grant id each, in their order. */
  request(names: readonly string[], source?: string): Promise<readonly string[]>
  revoke(grantId: string): Promise<void>
  grant(id: string): Promise<GrantRow>
  /** Waits until the grant is in the state. */
  becomes(id: string, state: string): Promise<GrantRow>
  /** Kinds of facts about the grant, in order. */
  facts(id: string): Promise<string[]>
  /** Whether the cloud lets a packet to port 22 of the machine pass. */
  passes(name: string, source?: string): boolean
  /** Where the firewall lets the grant in, as was last seen; null where it was never. */
  endpoint(grantId: string): Promise<{ readonly address: string; readonly port: number } | null>
  /** Whether the cloud sends a packet to that endpoint on to port 22 of the machine, and lets it pass there. */
  arrives(grantId: string, name: string, source?: string): Promise<boolean>
  /** How often the machine's groups were written. */
  writesOf(nsgId: string | null | undefined): number
  /** Waits until no boundary is worked on or due. */
  idle(): Promise<void>
  tenMinutesPass(): Promise<void>
  /** Has every boundary looked at again, once nothing is in hand. */
  lookAgain(): Promise<void>
  /** Has the inventory read again. */
  sync(): Promise<void>
}

/** Draws the machines, perhaps behind a firewall, starts the simulated cloud, and has the inventory read once. */
export function useRig(machines: readonly MachineSketch[], operationMs = 5, firewall?: FirewallSketch): Rig {
  const database = useDatabase()
  const { estate, machine } = smallEstate(machines, firewall)
  const running: { stop(): Promise<void> }[] = []
  let simulator: Simulator | undefined
  let cloud: Cloud | undefined

  const there = <Thing>(thing: Thing | undefined): Thing => {
    if (thing === undefined) throw new Error('the rig is made in beforeAll: use it in a hook or a test')
    return thing
  }
  const common = () => ({
    store: database.store,
    url: database.url,
    cloud: there(cloud),
    clock: systemClock,
    log: silentLog,
  })

  beforeAll(async () => {
    simulator = await startSimulator({ estate, operationMs })
    cloud = connectSimulator(simulator)
    await registerAccount({ store: database.store, viewer: ada }, { subscriptionId })
    await rig.sync()
  })
  afterEach(async () => {
    there(simulator).misbehave.stop()
    await Promise.all(running.splice(0).map((enforcer) => enforcer.stop()))
  })
  afterAll(async () => {
    await simulator?.stop()
  })

  const rig: Rig = {
    database,
    machine,
    get simulator() {
      return there(simulator)
    },
    get cloud() {
      return there(cloud)
    },
    enforce(options = {}) {
      const enforcer = startEnforcer({ ...common(), pollMs: 50, ...options })
      running.push(enforcer, startKeepingOpenPorts({ ...common(), pollMs: 50 }))
      return enforcer
    },
    async protect(...names) {
      const vmIds = names.map((name) => machine(name).vmId)
      const { results } = await enableJit({ store: database.store, viewer: ada }, { vmIds, ports: [{ port: 22 }] })
      expect(results.flatMap(({ userErrors }) => userErrors)).toEqual([])
    },
    async request(names, source = home) {
      const targets = names.map((name) => ({ vmId: machine(name).vmId, ports: [{ port: 22 }] }))
      const asked = { targets, sources: [source], durationSeconds: 600 }
      const answer = await requestAccess({ store: database.store, viewer: ada }, asked)
      expect(answer.userErrors).toEqual([])
      return answer.grantIds
    },
    async revoke(grantId) {
      expect(await revokeGrant({ store: database.store, viewer: ada }, { grantId })).toMatchObject({ id: grantId })
    },
    async grant(id) {
      const { rows } = await database.store.pool.query<GrantRow>('select * from grants where id = $1', [id])
      return there(rows[0])
    },
    async becomes(id, state) {
      await vi.waitFor(async () => expect((await rig.grant(id)).state).toBe(state), within)
      return rig.grant(id)
    },
    async facts(id) {
      const { rows } = await database.store.pool.query<{ kind: string }>(
        'select kind from activities where grant_id = $1 order by transaction, position',
        [id],
      )
      return rows.map(({ kind }) => kind)
    },
    passes: (name, source = home) =>
      rig.simulator.packetPasses({ vmId: machine(name).vmId, source, port: 22, protocol: 'TCP' }).passes,
    async endpoint(grantId) {
      const { rows } = await database.store.pool.query<{ address: string; port: number }>(
        `select public_address as address, public_port as port from enforcements
          where grant_id = $1 and public_address is not null`,
        [grantId],
      )
      return rows[0] ?? null
    },
    async arrives(grantId, name, source = home) {
      const endpoint = await rig.endpoint(grantId)
      if (endpoint === null) return false
      const { passes, reached } = rig.simulator.packetArrives({ ...endpoint, source, protocol: 'TCP' })
      return passes && reached?.vmId === machine(name).vmId && reached.port === 22
    },
    writesOf: (nsgId) =>
      rig.simulator.writes.filter((write) => write.resourceId === nsgId && write.status !== null).length,
    async idle() {
      await vi.waitFor(async () => {
        const { rows } = await database.store.pool.query(
          'select 1 from boundary_reconciles where lease_owner is not null or next_run_at <= gateway_now()',
        )
        expect(rows).toEqual([])
      }, within)
    },
    tenMinutesPass: () => database.advance(600_000),
    async lookAgain() {
      await rig.idle()
      await database.store.pool.query('update boundary_reconciles set next_run_at = gateway_now()')
    },
    async sync() {
      await database.store.pool.query('update accounts set next_sync_at = gateway_now(), last_synced_at = null')
      const inventory = startInventorySync(common())
      await vi.waitFor(async () => {
        const { rows } = await database.store.pool.query('select last_synced_at, status from accounts')
        expect(rows[0]).toEqual({ status: 'CONNECTED', last_synced_at: expect.any(Date) })
      }, within)
      await inventory.stop()
    },
  }
  return rig
}
