import type { LiveEnd } from '../../graphql/events/live-source.ts'
import type { Sink } from './sink.ts'
import type { Standing } from './standing.ts'
import type { Served } from './subscription.ts'

/** Who keeps the members of all groups. */
export interface Register<Group> {
  leave(member: Member<Group>): void
  end(member: Member<Group>, why: LiveEnd): void
}

/** One subscription, in a group of those with the same document and variables. */
export class Member<Group> implements Served {
  readonly group: Group
  readonly standing: Standing
  /** When its token ends, in milliseconds since the epoch. */
  readonly until: number
  readonly sink: Sink
  gone = false
  readonly #register: Register<Group>

  constructor(register: Register<Group>, group: Group, standing: Standing, until: number, sink: Sink) {
    this.#register = register
    this.group = group
    this.standing = standing
    this.until = until
    this.sink = sink
  }

  leave(): void {
    this.#register.leave(this)
  }

  end(why: LiveEnd): void {
    this.#register.end(this, why)
  }
}
