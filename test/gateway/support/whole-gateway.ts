import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { startSimulator, type Simulator } from '../../../src/cloud/simulator/start.ts'
import type { Estate } from '../../../src/cloud/simulator/resource.ts'
import { readConfig } from '../../../src/config.ts'
import { startGateway, type ConnectedCloud, type Gateway } from '../../../src/gateway.ts'
import { silentLog } from '../../../src/log/log.ts'
import { useDatabase, type TestDatabase } from '../../support/database.ts'
import { connectSimulator } from '../../support/cloud.ts'
import { apiClient, type ApiClient } from './client.ts'

/** A simulated cloud, whichever it is. */
export interface SimulatedCloud {
  stop(): Promise<void>
}

/** What tells one cloud from another. */
export interface CloudUnderTest<Cloud extends SimulatedCloud> {
  start(): Promise<Cloud>
  connect(simulator: Cloud): ConnectedCloud
}

/** A gateway as `main.ts` makes it, over a database of the test's own and a simulated cloud. */
export interface WholeGateway<Cloud extends SimulatedCloud = Simulator> {
  readonly database: TestDatabase
  readonly simulator: Cloud
  readonly url: string
  /** The policy admin, the requester and the reader of the local issuer. */
  readonly ada: ApiClient
  readonly ben: ApiClient
  readonly cleo: ApiClient
  /** Another replica over the same database and cloud, for the rest of the file. */
  replica(): Promise<{ readonly ada: ApiClient; readonly ben: ApiClient; readonly cleo: ApiClient }>
}

/** A gateway over a simulated Azure with this estate. */
export function useWholeGateway(estate: Estate, operationMs = 20): WholeGateway {
  return useGatewayOver({
    start: () => startSimulator({ estate, operationMs }),
    connect: (simulator) => ({
      cloud: connectSimulator(simulator),
      accounts: simulator.subscriptions,
      name: 'simulated',
    }),
  })
}

/** Starts everything before the tests of the file and stops it after them. */
export function useGatewayOver<Cloud extends SimulatedCloud>(of: CloudUnderTest<Cloud>): WholeGateway<Cloud> {
  const database = useDatabase()
  const gateways: Gateway[] = []
  let simulator: Cloud | undefined
  let folder = ''

  const start = async () => {
    if (simulator === undefined) throw new Error('the gateway is started in beforeAll: use it in a hook or a test')
    const gateway = await startGateway({
      config: readConfig({ PORT: '0', DATA_DIR: folder, LOG_LEVEL: 'silent' }),
      log: silentLog,
      databaseUrl: database.url,
      cloud: of.connect(simulator),
    })
    gateways.push(gateway)
    return clients(gateway)
  }
  const clients = ({ url, tokens }: Gateway) => {
    const [ada, ben, cleo] = tokens.map(({ token }) => apiClient(url, token))
    if (ada === undefined || ben === undefined || cleo === undefined) throw new Error('a local person is missing')
    return { url, ada, ben, cleo }
  }
  let first: Awaited<ReturnType<typeof start>> | undefined
  const started = () => {
    if (first === undefined) throw new Error('the gateway is started in beforeAll: use it in a hook or a test')
    return first
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jit-gateway-whole-'))
    simulator = await of.start()
    first = await start()
  })
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()))
    await simulator?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  return {
    database,
    get simulator() {
      if (simulator === undefined) throw new Error('the simulator is started in beforeAll')
      return simulator
    },
    get url() {
      return started().url
    },
    get ada() {
      return started().ada
    },
    get ben() {
      return started().ben
    },
    get cleo() {
      return started().cleo
    },
    replica: start,
  }
}
