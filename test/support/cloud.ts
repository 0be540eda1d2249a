import { connectAzure } from '../../src/cloud/azure/connect.ts'
import type { Cloud } from '../../src/cloud/port.ts'
import type { Simulator } from '../../src/cloud/simulator/start.ts'

/** The adapter that production uses, pointed at a simulated cloud: endpoint and credential are all that differs. */
export function connectSimulator(simulator: Simulator): Cloud {
  return connectAzure({
    endpoint: simulator.endpoint,
    credential: { kind: 'token', token: simulator.token },
    audience: null,
    certificateAuthority: simulator.certificateAuthority,
  })
}
