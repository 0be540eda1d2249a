import { LiveStream, over } from '../../../../src/server/live/live-stream.ts'
import type { Result } from '../../../../src/server/live/result.ts'

/** A transport that says when its reader is behind, and keeps what it is sent, one list for each write. */
export class HandStream extends LiveStream {
  readonly writes: (readonly Result[])[] = []
  #behind = false
  #caughtUp = Promise.withResolvers<void>()
  readonly #end = Promise.withResolvers<typeof over>()

  get sent(): readonly Result[] {
    return this.writes.flat()
  }

  stall(): void {
    if (this.#behind) return
    this.#behind = true
    this.#caughtUp = Promise.withResolvers()
  }

  resume(): void {
    this.#behind = false
    this.#caughtUp.resolve()
  }

  send(results: readonly Result[]): void {
    if (results.length > 0) this.writes.push(results)
  }

  isBehind(): boolean {
    return this.#behind
  }

  caughtUp(): Promise<void> {
    return this.#caughtUp.promise
  }

  end(): void {
    this.#end.resolve(over)
  }

  next(): Promise<typeof over> {
    return this.#end.promise
  }
}
