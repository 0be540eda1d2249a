import { silentLog } from '../../../log/log.ts'
import { systemClock } from '../../../time/clock.ts'
import { createFaults } from '../misbehave/faults.ts'
import { noPersistence, persistIn, readKept, type Persistence } from '../persistence.ts'
import type { Ec2Answer, Ec2Call, Ec2Write } from './call.ts'
import { createCredentials } from './credentials.ts'
import { believableEc2Estate } from './estate/believable.ts'
import { createForeignActor } from './foreign.ts'
import { createLedger } from './ledger.ts'
import { createMisbehave } from './misbehave.ts'
import { packetPasses } from './oracle.ts'
import type { Ec2Estate } from './resource.ts'
import { answerCall } from './router.ts'
import { serveEc2 } from './server.ts'
import { createSessions } from './sessions.ts'
import { defaultSettings } from './settings.ts'
import type { Ec2Simulator, Ec2SimulatorOptions, Ec2WriteMoment } from './simulator.ts'
import { createThrottle } from './throttle.ts'
import { openWorld } from './world.ts'

export type { Ec2Simulator, Ec2SimulatorOptions } from './simulator.ts'

type Listener = (call: Ec2Call, wrote: Ec2Write | null) => void | Promise<void>

/** Starts a simulated EC2 on loopback. Rejects when its file cannot be read or written, or the port is taken. */
export async function startEc2Simulator(options: Ec2SimulatorOptions = {}): Promise<Ec2Simulator> {
  const { clock = systemClock, log = silentLog, port = 0, file } = options
  const settings = defaultSettings()
  const kept = file === undefined ? null : await readKept(file, checked)
  let persistence: Persistence = noPersistence
  const world = openWorld(
    kept ?? structuredClone(options.estate ?? believableEc2Estate()),
    clock,
    () => settings.lagMs,
    () => {
      persistence.changed()
    },
  )
  if (file !== undefined) {
    persistence = persistIn(file, () => world.estate(), log)
    persistence.changed()
    await persistence.flush()
  }

  const faults = createFaults()
  const listeners: Record<Ec2WriteMoment, Set<Listener>> = { beforeWrite: new Set(), afterWrite: new Set() }
  const tell = async (moment: Ec2WriteMoment, call: Ec2Call, wrote: Ec2Write | null) => {
    for (const heard of listeners[moment]) await heard(call, wrote)
  }
  const ledger = createLedger(() => clock.now())
  const throttle = createThrottle(settings, clock)
  const answer = async (call: Ec2Call): Promise<Ec2Answer> => {
    throttle.take(call)
    if (call.action.startsWith('Describe')) return answerCall({ world, settings }, call)
    await tell('beforeWrite', call, null)
    const answered = answerCall({ world, settings }, call)
    await persistence.flush()
    await tell('afterWrite', call, answered.wrote ?? null)
    return answered
  }
  const accounts = [...world.accounts.values()]
  const credentials = createCredentials(accounts[0]?.accountId ?? '', clock)
  const server = await serveEc2({
    port,
    world,
    credentials,
    settings,
    faults,
    clock,
    log,
    answer,
    answered: (...call) => {
      ledger.answered(...call)
    },
  })
  const verdict: Ec2Simulator['packetPasses'] = (question) => packetPasses(world.now, question)
  const sessions = createSessions(verdict)

  return {
    ...createForeignActor(world),
    endpoint: `http://127.0.0.1:${String(server.port)}`,
    key: credentials.key,
    accounts: accounts.map(({ accountId: id, name }) => ({ id, name })),
    settings,
    misbehave: createMisbehave(faults),
    on(moment, heard) {
      // A listener of its own, so that one function can be added twice.
      const listener: Listener = (call, wrote) => heard(call, wrote)
      listeners[moment].add(listener)
      return () => {
        listeners[moment].delete(listener)
      }
    },
    writes: ledger.writes,
    calls: ledger.calls,
    now: world.now,
    catchUp: () => {
      world.catchUp()
    },
    packetPasses: verdict,
    openSession: (question) => sessions.open(question),
    sessionSurvives: (session) => sessions.survives(session),
    async stop() {
      await server.stop()
      await persistence.flush()
    },
  }
}

/** An estate from a file, once it is seen to be one. */
function checked(estate: Ec2Estate): Ec2Estate {
  for (const list of Object.values(estate)) if (!Array.isArray(list)) throw new Error('a list was expected')
  if (estate.accounts.length === 0 || estate.rules.length === 0) throw new Error('it is empty')
  return estate
}
