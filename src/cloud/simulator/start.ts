import { silentLog } from '../../log/log.ts'
import { systemClock } from '../../time/clock.ts'
import { believableEstate } from './estate/believable.ts'
import { randomFrom } from './estate/random.ts'
import { createCommitter } from './commit.ts'
import { createWriteEvents } from './events.ts'
import { createForeignActor } from './foreign.ts'
import { makeToken, serveIdentity } from './identity-endpoint.ts'
import { openTls } from './kept-tls.ts'
import { createLedger } from './ledger.ts'
import { showResource } from './lists.ts'
import { createFaults } from './misbehave/faults.ts'
import { createMisbehave } from './misbehave/misbehave.ts'
import { createOperations } from './operations.ts'
import { interfacesOf, packetPasses, type PacketQuestion } from './oracle/oracle.ts'
import { packetArrives } from './oracle/public-packet.ts'
import { createSessions } from './oracle/sessions.ts'
import { noPersistence, persistIn, readEstate, type Persistence } from './persistence.ts'
import { keyOf, type Estate } from './resource.ts'
import { createRouter } from './router.ts'
import { serveArm } from './server.ts'
import { defaultSettings } from './settings.ts'
import type { Simulator, SimulatorOptions } from './simulator.ts'
import { createThrottle } from './throttle.ts'
import { openWorld } from './world.ts'

export type { Simulator, SimulatorOptions } from './simulator.ts'

/** Long enough for a person to see a grant open, short enough not to bore. */
const visibleMs = { from: 150, to: 400 }

/** Starts a simulated cloud on loopback. Rejects when its file cannot be read or written, or the port is taken. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { clock = systemClock, log = silentLog, seed = 1 } = options
  const random = randomFrom(seed)
  const settings = defaultSettings(options.operationMs ?? visibleMs, options.firewallOperationMs)
  const tls = await openTls(options.file, clock)
  const kept = options.file === undefined ? null : await readEstate(options.file)
  let persistence: Persistence = noPersistence
  const world = openWorld(kept ?? estateFrom(options, seed), () => {
    persistence.changed()
  })
  if (options.file !== undefined) {
    persistence = persistIn(options.file, () => world.estate(), log)
    persistence.changed()
    await persistence.flush()
  }

  const [faults, events, ledger] = [createFaults(), createWriteEvents(), createLedger()]
  const operations = createOperations(clock)
  const committer = createCommitter({
    world,
    operations,
    faults,
    settings,
    events,
    random,
    keep: () => persistence.flush(),
    cameIntoForce(groupId) {
      if (world.group(groupId)?.properties['flushConnection'] === true) sessions.reevaluate(groupId)
    },
  })
  const verdict = (question: PacketQuestion, only?: string) =>
    packetPasses(
      world,
      (id) => (only === undefined || keyOf(id) === keyOf(only) ? committer.inForce(id) : undefined),
      question,
    )
  const sessions = createSessions({ verdict, interfacesOf: (question) => interfacesOf(world, question) })
  const router = createRouter({ world, operations, committer, settings })
  const throttle = createThrottle(settings, clock)
  const token = makeToken()
  const { port = 0 } = options
  const arm = await serveArm({
    token,
    port,
    router,
    faults,
    settings,
    throttle,
    clock,
    log,
    tls,
    answered: (...call) => {
      ledger.answered(...call)
    },
  })
  const identity = await serveIdentity(token)
  const foreign = createForeignActor(world, committer)
  const query = new URLSearchParams('$expand=instanceView')

  return {
    ...foreign,
    endpoint: `https://localhost:${String(arm.port)}`,
    certificateAuthority: tls.authority,
    token,
    identityEndpoint: identity.url,
    identityHeader: identity.header,
    settings,
    misbehave: createMisbehave(faults),
    on: (moment, heard) => events.on(moment, heard),
    writes: ledger.writes,
    requests: ledger.counts,
    subscriptions: [...world.subscriptions].map(([id, { displayName }]) => ({ id, name: displayName })),
    read(id) {
      const found = world.get(id)
      return found === undefined ? undefined : structuredClone(showResource(world, found, query))
    },
    readAll: (type) =>
      [...world.subscriptions.keys()].flatMap((id) =>
        world.list(id, type).map((resource) => structuredClone(showResource(world, resource, query))),
      ),
    packetPasses: (question) => verdict(question),
    packetArrives: (question) =>
      packetArrives(
        { world, firewallInForce: (id) => committer.firewallInForce(id), packetPasses: (inner) => verdict(inner) },
        question,
      ),
    openSession: (question) => sessions.open(question),
    sessionSurvives: (session) => sessions.survives(session),
    async stop() {
      await Promise.all([arm.stop(), identity.stop()])
      committer.settleAll()
      await persistence.flush()
    },
  }
}

function estateFrom({ estate = {} }: SimulatorOptions, seed: number): Estate {
  return 'resources' in estate ? structuredClone(estate) : believableEstate({ ...estate, seed })
}
