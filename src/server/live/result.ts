import { inOwnMemory } from '../own-memory.ts'

/** One result of a subscription, serialised once for everybody it is sent to. */
export class Result {
  readonly text: string
  #bytes: Buffer | null = null

  constructor(text: string) {
    this.text = text
  }

  get bytes(): Buffer {
    return (this.#bytes ??= inOwnMemory(Buffer.from(this.text)))
  }

  /** How the HTTP transport asks for the text of a result. */
  readonly stringify = (): string => this.text
}
