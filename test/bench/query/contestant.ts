import type { DocumentName, Place } from './documents.ts'
import type { Json } from './shape.ts'

/** One HTTP call, but for where it goes. */
export interface Call {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A server in a process of its own, and one way of asking it. */
export interface Contestant {
  readonly name: 'product' | 'limit' | 'postgraphile' | 'mercurius' | 'apollo'
  /** Whether it is asked by the hash of a registered document. */
  readonly registered: boolean
  readonly pid: number
  readonly port: number
  call(document: DocumentName, place: Place): Call
  /** The data of an answer in the shape of the gateway's schema. */
  shaped(document: DocumentName, data: Json): Json
}

/** What figures are told under. */
export const titleOf = ({ name, registered }: Contestant) => (registered ? `${name}, registered` : name)
