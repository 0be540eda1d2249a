import type { Client } from '../client.ts'
import { framesOf } from './frames.ts'
import { LiveStream, over } from './live-stream.ts'
import type { Result } from './result.ts'

/**
 * A subscription over a client's WebSocket. Its results are written at once, in one frame each and one write a flush;
 * what is read from it is only its end.
 */
export class SocketStream extends LiveStream {
  readonly #client: Client
  /** The id the client gave it, as JSON. */
  readonly #id: string
  #ended = false
  #tellEnd: ((end: typeof over) => void) | null = null

  constructor(client: Client, id: string) {
    super()
    this.#client = client
    this.#id = JSON.stringify(id)
  }

  send(results: readonly Result[]): void {
    if (results.length > 0) this.#client.write(framesOf(this.#id, results))
  }

  isBehind(): boolean {
    return this.#client.isBehind()
  }

  caughtUp(): Promise<void> {
    return this.#client.caughtUp()
  }

  end(): void {
    this.#ended = true
    this.#tellEnd?.(over)
  }

  next(): Promise<typeof over> {
    if (this.#ended) return Promise.resolve(over)
    return new Promise((resolve) => {
      this.#tellEnd = resolve
    })
  }
}
