import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest'
import type { Viewer } from '../../../src/access/viewer.ts'
import type { Cloud } from '../../../src/cloud/port.ts'
import { disableJit } from '../../../src/commands/disable-jit.ts'
import { enableJit, type EnableJitInput } from '../../../src/commands/enable-jit.ts'
import { registerAccount, type RegisterAccountInput } from '../../../src/commands/register-account.ts'
import { requestAccess } from '../../../src/commands/request-access.ts'
import { revokeGrant } from '../../../src/commands/revoke-grant.ts'
import { startEnforcer, type EnforcerOptions } from '../../../src/enforcer/enforcer.ts'
import { startInventorySync } from '../../../src/inventory/inventory-sync.ts'
import { startKeepingOpenPorts } from '../../../src/inventory/keep-open-ports.ts'
import { silentLog } from '../../../src/log/log.ts'
import { systemClock } from '../../../src/time/clock.ts'
import { useDatabase, type TestDatabase } from '../../support/database.ts'

export const within = { timeout: 10_000, interval: 10 }
export const home = '203.0.113.7'

export const ada: Viewer = {
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

/** A simulated cloud, whichever it is. */
export interface RigSimulator {
  readonly misbehave: { stop(): void }
  stop(): Promise<void>
}

/** What tells one rig's cloud from another's. */
export interface RigCloud<Simulator extends RigSimulator> {
  start(): Promise<Simulator>
  /** The adapter that production uses, pointed at the simulated cloud. */
  connect(simulator: Simulator): Cloud
  readonly account: RegisterAccountInput
  vmId(name: string): string
  /** Whether the cloud lets a packet to port 22 of the machine pass. */
  passes(simulator: Simulator, name: string, source: string): boolean
}

/** Everything behind the API, over a database and a simulated cloud of the test file's own. */
export interface CloudRig<Simulator extends RigSimulator> {
  readonly database: TestDatabase
  readonly simulator: Simulator
  readonly cloud: Cloud
  /** Starts an enforcer, and what looks for open ports beside it; both are stopped after the test. */
  enforce(options?: Partial<EnforcerOptions>): { stop(): Promise<void> }
  /** Reads the inventory once more. */
  sync(): Promise<void>
  /** Enables JIT on machines, for port 22 of each. */
  protect(...names: readonly string[]): Promise<void>
  /** The same as a policy's owner may have it. */
  protectBy(names: readonly string[], more: Partial<EnableJitInput>): Promise<void>
  unprotect(...names: readonly string[]): Promise<void>
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
  /** Waits until no boundary is worked on or due. */
  idle(): Promise<void>
  tenMinutesPass(): Promise<void>
  /** Has every boundary looked at again, once nothing is in hand. */
  lookAgain(): Promise<void>
}

/** Starts the simulated cloud, and has the inventory read once. */
export function useCloudRig<Simulator extends RigSimulator>(of: RigCloud<Simulator>): CloudRig<Simulator> {
  const database = useDatabase()
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
    simulator = await of.start()
    cloud = of.connect(simulator)
    await registerAccount({ store: database.store, viewer: ada }, of.account)
    await rig.sync()
  })
  afterEach(async () => {
    there(simulator).misbehave.stop()
    await Promise.all(running.splice(0).map((enforcer) => enforcer.stop()))
  })
  afterAll(async () => {
    await simulator?.stop()
  })

  const rig: CloudRig<Simulator> = {
    database,
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
    async sync() {
      await database.store.pool.query('update accounts set next_sync_at = gateway_now(), last_synced_at = null')
      const inventory = startInventorySync(common())
      await vi.waitFor(async () => {
        const { rows } = await database.store.pool.query('select last_synced_at, status from accounts')
        expect(rows[0]).toEqual({ status: 'CONNECTED', last_synced_at: expect.any(Date) })
      }, within)
      await inventory.stop()
    },
    protect: (...names) => rig.protectBy(names, {}),
    async protectBy(names, more) {
      const asked = { vmIds: names.map((name) => of.vmId(name)), ports: [{ port: 22 }], ...more }
      const { results } = await enableJit({ store: database.store, viewer: ada }, asked)
      expect(results.flatMap(({ userErrors }) => userErrors)).toEqual([])
    },
    async unprotect(...names) {
      const vmIds = names.map((name) => of.vmId(name))
      const { results } = await disableJit({ store: database.store, viewer: ada }, { vmIds })
      expect(results.flatMap(({ userErrors }) => userErrors)).toEqual([])
    },
    async request(names, source = home) {
      const targets = names.map((name) => ({ vmId: of.vmId(name), ports: [{ port: 22 }] }))
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
    passes: (name, source = home) => of.passes(rig.simulator, name, source),
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
  }
  return rig
}

/** A rig with what only its own cloud has. */
export function withMore<Rig extends object, More extends object>(rig: Rig, more: More): Rig & More {
  // Descriptors: a rig's simulator is not there yet.
  return Object.defineProperties({ ...more } as Rig & More, Object.getOwnPropertyDescriptors(rig))
}
