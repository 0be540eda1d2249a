import { atMoment, type Clock } from '../../time/clock.ts'
import { LiveStream, over } from './live-stream.ts'
import type { Result } from './result.ts'
import type { Served } from './subscription.ts'

/** Results that wait for a reader who keeps up. */
const MOST_WAITING = 50

/** A subscription whose results wait until they are read, one by one. It ends by itself with its token. */
export class QueuedStream extends LiveStream {
  readonly #clock: Clock
  #waiting: Result[] = []
  #ended = false
  #reader: ((item: IteratorResult<Result, undefined>) => void) | null = null
  #drained: PromiseWithResolvers<void> | null = null
  #disarm: (() => void) | null = null

  constructor(clock: Clock) {
    super()
    this.#clock = clock
  }

  override serve(served: Served, until: number): void {
    super.serve(served, until)
    this.#disarm = atMoment(this.#clock, until, () => served.end('AUTHENTICATION_EXPIRED'))
  }

  send(results: readonly Result[]): void {
    this.#waiting.push(...results)
    this.#give()
  }

  isBehind(): boolean {
    return this.#waiting.length > MOST_WAITING
  }

  caughtUp(): Promise<void> {
    return (this.#drained ??= Promise.withResolvers<void>()).promise
  }

  end(): void {
    this.#disarm?.()
    this.#ended = true
    this.#give()
  }

  /** One caller at a time. */
  next(): Promise<IteratorResult<Result, undefined>> {
    return new Promise((resolve) => {
      this.#reader = resolve
      this.#give()
    })
  }

  #give(): void {
    if (this.#reader !== null && (this.#waiting.length > 0 || this.#ended)) {
      const value = this.#waiting.shift()
      this.#reader(value === undefined ? over : { done: false, value })
      this.#reader = null
    }
    if (this.#waiting.length > 0 && !this.#ended) return
    this.#drained?.resolve()
    this.#drained = null
  }
}
