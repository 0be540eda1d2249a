import type { Log } from '../../../log/log.ts'
import type { Clock } from '../../../time/clock.ts'
import type { Ec2Call, Ec2Write } from './call.ts'
import type { AccessKey } from './credentials.ts'
import type { Ec2ForeignActor } from './foreign.ts'
import type { Ec2Ledger } from './ledger.ts'
import type { Ec2Misbehave } from './misbehave.ts'
import type { Ec2Question, Ec2Verdict } from './oracle.ts'
import type { Ec2Estate } from './resource.ts'
import type { Ec2Settings } from './settings.ts'
import type { Tables } from './world.ts'

export interface Ec2SimulatorOptions {
  /** Keeps everything in this file; what it holds then wins over `estate`. Nothing is kept when left out. */
  readonly file?: string
  /** An estate of one's own; the believable one when left out. */
  readonly estate?: Ec2Estate
  readonly clock?: Clock
  /** 0, the default, takes a free port. */
  readonly port?: number
  readonly log?: Log
}

/** Called, and waited for, around each write that EC2 takes. */
export type Ec2WriteMoment = 'beforeWrite' | 'afterWrite'

/** An EC2 on this machine that speaks its query protocol, and everything a test may ask of it behind its back. */
export interface Ec2Simulator extends Ec2ForeignActor {
  /** `http://127.0.0.1:PORT`, for EC2 and for the token service. */
  readonly endpoint: string
  /** The gateway's own key, which may assume a role in each of the accounts. */
  readonly key: AccessKey
  readonly accounts: readonly { readonly id: string; readonly name: string }[]
  /** Behaviour as a whole; any field may be changed while it runs. */
  readonly settings: Ec2Settings
  /** Single misbehaviours, scoped and counted. */
  readonly misbehave: Ec2Misbehave
  /** The answer takes the listener away. `wrote` is null before the write. */
  on(moment: Ec2WriteMoment, heard: (call: Ec2Call, wrote: Ec2Write | null) => void | Promise<void>): () => void
  readonly writes: Ec2Ledger['writes']
  readonly calls: Ec2Ledger['calls']
  /** What is so now: not to be changed. */
  readonly now: Tables
  /** Has Describe calls show everything that is so, however far they lagged behind. */
  catchUp(): void
  /** The oracle: would this packet pass, by the rules that are so? Throws when there is no such instance. */
  packetPasses(question: Ec2Question): Ec2Verdict
  /** Sets up a connection; null when its first packet is stopped. */
  openSession(question: Ec2Question): string | null
  /** Whether a connection still lives: EC2 tracks it, and taking away the rule that let it in does not end it. */
  sessionSurvives(session: string): boolean
  stop(): Promise<void>
}
