import type { Query } from './wire/query.ts'
import type { Xml } from './wire/xml.ts'

/** Where a call is made: what it may see and change lies in this region of this account. */
export interface Place {
  readonly accountId: string
  readonly region: string
}

/** A call, read from the wire. */
export interface Ec2Call extends Place {
  /** Such as `DescribeInstances`. */
  readonly action: string
  readonly query: Query
}

/** What a call wrote, for whoever watches. */
export interface Ec2Write {
  readonly action: string
  /** The group that was changed, or the interface whose groups were. */
  readonly targetId: string
  readonly ruleIdsAdded: readonly string[]
  readonly ruleIdsRemoved: readonly string[]
}

/** What is answered: the properties of the response, and what the call wrote if it did. */
export interface Ec2Answer {
  readonly body: { readonly [name: string]: Xml }
  readonly wrote?: Ec2Write
}
