import type { IncomingMessage } from 'node:http'
import type { Log } from '../log/log.ts'
import type { CallerRate } from './caller-rate.ts'
import type { ClientAddress } from './client-address.ts'
import { authenticationError, tooManyRequests } from './errors.ts'
import type { Arrival } from './graphql-over-http.ts'
import type { Authenticate } from './identity/authenticator.ts'

/** Tells who calls, and whether it may now: an arrival with a caller, or with what the call is refused with. */
export type Admit = (request: IncomingMessage) => Promise<Arrival>

export interface AdmitOptions {
  readonly authenticate: Authenticate
  readonly callerRate: CallerRate
  readonly clientAddress: ClientAddress
  readonly log: Log
}

export function createAdmit({ authenticate, callerRate, clientAddress, log }: AdmitOptions): Admit {
  return async (request) => {
    try {
      const { authorization } = request.headers
      const authentication = await authenticate({ authorization, address: clientAddress(request) })
      const waitMs = callerRate.take(authentication.viewer.actor.id)
      return waitMs > 0 ? { refused: tooManyRequests(waitMs) } : { authentication }
    } catch (error) {
      return { refused: authenticationError(error, log) }
    }
  }
}
