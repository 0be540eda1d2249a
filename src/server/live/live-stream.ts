import type { Result } from './result.ts'
import type { Sink } from './sink.ts'
import type { Served } from './subscription.ts'

/** What is read of a stream after its end. */
export const over = { done: true, value: undefined } as const

/** A live subscription as its transport has it: results are sent into it, and it is read until its end. */
export abstract class LiveStream implements Sink, AsyncIterableIterator<Result, undefined> {
  #served: Served | null = null

  abstract send(results: readonly Result[]): void
  abstract isBehind(): boolean
  abstract caughtUp(): Promise<void>
  abstract end(): void
  abstract next(): Promise<IteratorResult<Result, undefined>>

  /** Tells it by whom it is served, until when at the latest (the end of its token, in milliseconds since the epoch). */
  serve(served: Served, _until: number): void {
    this.#served = served
  }

  /** The reader has gone. */
  return(): Promise<typeof over> {
    this.#served?.leave()
    this.end()
    return Promise.resolve(over)
  }

  throw(): Promise<typeof over> {
    return this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
