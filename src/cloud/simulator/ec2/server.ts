import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Log } from '../../../log/log.ts'
import { pause, type Clock } from '../../../time/clock.ts'
import type { Faults } from '../misbehave/faults.ts'
import type { Ec2Answer, Ec2Call } from './call.ts'
import type { Credentials } from './credentials.ts'
import { Ec2Fault } from './fault.ts'
import { faultCall, refuseByFault } from './misbehave.ts'
import type { Ec2Settings } from './settings.ts'
import { answerSts, stsErrorXml } from './sts.ts'
import { readQuery } from './wire/query.ts'
import { writeXml } from './wire/xml.ts'
import type { Ec2World } from './world.ts'

export interface ServerParts {
  readonly port: number
  readonly world: Ec2World
  readonly credentials: Credentials
  readonly settings: Ec2Settings
  readonly faults: Faults
  readonly clock: Clock
  readonly log: Log
  /** Takes the call from its bucket and answers it; throws an `Ec2Fault` that refuses it. */
  readonly answer: (call: Ec2Call) => Promise<Ec2Answer>
  /** Called for every call once it was answered; null status when the answer was lost. */
  readonly answered: (call: Ec2Call, status: number | null, answer: Ec2Answer | null) => void
}

/** Serves EC2's query protocol, and the token service's, over HTTP on 127.0.0.1. */
export async function serveEc2(parts: ServerParts): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    serve(parts, incoming, outgoing).catch((error: unknown) => {
      parts.log.error({ error }, 'the simulated EC2 failed to answer')
      outgoing.destroy()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(parts.port, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      return new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      })
    },
  }
}

async function serve(parts: ServerParts, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { credentials, faults, settings, clock } = parts
  let body = ''
  incoming.setEncoding('utf8')
  for await (const text of incoming as AsyncIterable<string>) body += text
  const query = readQuery(body)
  const signer = attempt(() => credentials.authenticate(incoming.headers, body))
  if (signer instanceof Ec2Fault) return send(outgoing, signer.status, ec2ErrorXml(signer))
  if (signer.service === 'sts') return serveSts(parts, outgoing, query)

  const call: Ec2Call = {
    accountId: signer.accountId,
    region: signer.region,
    action: query.text('Action') ?? '',
    query,
  }
  const at = faultCall(call)
  const latencyMs = faults.take('latency', at)?.ms ?? settings.latencyMs
  if (latencyMs > 0) await pause(clock, latencyMs)
  // Never answered: the caller gives up, or the server stops.
  if (faults.take('hang', at) !== undefined) return
  const lost = faults.take('loseAnswer', at)?.when
  let answer: Ec2Answer | Ec2Fault | null = null
  if (lost !== 'beforeCommit') answer = await attemptAnswer(parts, call)
  const status = answer instanceof Ec2Fault ? answer.status : 200
  parts.answered(call, lost === undefined ? status : null, answer instanceof Ec2Fault ? null : answer)
  if (lost !== undefined || answer === null) outgoing.destroy()
  else if (answer instanceof Ec2Fault) send(outgoing, status, ec2ErrorXml(answer))
  else send(outgoing, 200, writeXml(`${call.action}Response`, { requestId: crypto.randomUUID(), ...answer.body }))
}

async function attemptAnswer({ faults, answer, log }: ServerParts, call: Ec2Call): Promise<Ec2Answer | Ec2Fault> {
  try {
    refuseByFault(faults, call)
    return await answer(call)
  } catch (error) {
    if (error instanceof Ec2Fault) return error
    log.error({ error }, 'the simulated EC2 failed')
    return new Ec2Fault('InternalError', 'An internal error has occurred', 500)
  }
}

function serveSts({ world, credentials }: ServerParts, outgoing: ServerResponse, query: ReturnType<typeof readQuery>) {
  const xml = attempt(() => answerSts(world, credentials, query))
  if (xml instanceof Ec2Fault) send(outgoing, xml.status, stsErrorXml(xml))
  else send(outgoing, 200, xml)
}

function attempt<Result>(work: () => Result): Result | Ec2Fault {
  try {
    return work()
  } catch (error) {
    if (error instanceof Ec2Fault) return error
    throw error
  }
}

function send(outgoing: ServerResponse, status: number, xml: string): void {
  if (outgoing.destroyed) return
  outgoing.writeHead(status, {
    'Content-Type': 'text/xml;charset=UTF-8',
    'x-amzn-requestid': crypto.randomUUID(),
    'Content-Length': String(Buffer.byteLength(xml)),
  })
  outgoing.end(xml)
}

/** EC2's errors stand in no namespace. */
function ec2ErrorXml({ code, message }: Ec2Fault): string {
  const inner = writeXml('Error', { Code: code, Message: message }, '').split('\n')[1] ?? ''
  const error = inner.replace(' xmlns=""', '')
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors>${error}</Errors><RequestID>${crypto.randomUUID()}</RequestID></Response>`
}
