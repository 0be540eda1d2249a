import type { Clock } from '../../time/clock.ts'
import type { Log } from '../../log/log.ts'
import type { EstateOptions } from './estate/believable.ts'
import type { WriteEvents } from './events.ts'
import type { ForeignActor } from './foreign.ts'
import type { Misbehave } from './misbehave/misbehave.ts'
import type { PacketQuestion, PacketVerdict } from './oracle/oracle.ts'
import type { PublicPacketQuestion, PublicPacketVerdict } from './oracle/public-packet.ts'
import type { CallCounts, LoggedWrite } from './ledger.ts'
import type { Estate, Resource } from './resource.ts'
import type { Settings } from './settings.ts'

export interface SimulatorOptions {
  /** Keeps the cloud in this file; what it holds then wins over `estate`. Nothing is kept when left out. */
  readonly file?: string
  /** Makes the estate and every drawn number repeatable. */
  readonly seed?: number
  /** An estate of one's own, or how to make the believable one. */
  readonly estate?: EstateOptions | Estate
  readonly clock?: Clock
  /** 0, the default, takes a free port. */
  readonly port?: number
  readonly log?: Log
  /** How long a write takes until it is in force; 150 to 400 ms when left out, so that a person sees it happen. */
  readonly operationMs?: Settings['operationMs']
  /** The same of a firewall; as `operationMs` when left out. */
  readonly firewallOperationMs?: Settings['operationMs']
}

/** A cloud on this machine that speaks ARM's wire protocol, and everything a test may ask of it behind its back. */
export interface Simulator extends ForeignActor {
  /** `https://localhost:PORT`; `127.0.0.1` is served too. */
  readonly endpoint: string
  /** PEM of the authority that the endpoint's certificate is trusted by. */
  readonly certificateAuthority: string
  /** The bearer token that every call must carry. */
  readonly token: string
  /** A managed identity's token endpoint and its secret header: IDENTITY_ENDPOINT and IDENTITY_HEADER. */
  readonly identityEndpoint: string
  readonly identityHeader: string
  /** Behaviour as a whole; any field may be changed while it runs. */
  readonly settings: Settings
  /** Single misbehaviours, scoped and counted. */
  readonly misbehave: Misbehave
  /** Calls, and waits for, `heard` around the commit of every write. The answer takes it away. */
  readonly on: WriteEvents['on']
  /** Every write of a group, of one of its rules or of a firewall that was called for, in order of their answers. */
  readonly writes: readonly LoggedWrite[]
  /** How many calls of each kind there were. */
  readonly requests: CallCounts
  /** The subscriptions, by lower-cased id. */
  readonly subscriptions: readonly { readonly id: string; readonly name: string }[]
  /** A copy of a resource as a GET would answer it now; undefined when there is none. */
  read(id: string): Resource | undefined
  /** Copies of all resources of a type, such as `Microsoft.Compute/virtualMachines`, of every subscription. */
  readAll(type: string): Resource[]
  /** The oracle: would this packet pass, by the rules in force? Throws when there is no such machine. */
  packetPasses(question: PacketQuestion): PacketVerdict
  /** The oracle for who comes from outside: would a packet to this public address and port get to a machine? */
  packetArrives(question: PublicPacketQuestion): PublicPacketVerdict
  /** Sets up a session; null when its first packet is stopped. */
  openSession(question: PacketQuestion): string | null
  /** Whether a session still lives: removing the rule that let it in does not end it, `flushConnection` does. */
  sessionSurvives(session: string): boolean
  /** Stops serving, and writes the file a last time. Writes in progress have ended when it is opened again. */
  stop(): Promise<void>
}
