import type { Result } from './result.ts'

/** Takes the results of one subscription, as its transport carries them. */
export interface Sink {
  /** Takes results, in order. What its reader does not take at once waits in the transport. */
  send(results: readonly Result[]): void
  /** Whether more waits than a reader who keeps up ever leaves: such a one is served from the log. */
  isBehind(): boolean
  /** Resolves when nothing waits any more, or the reader has gone. */
  caughtUp(): Promise<void>
  /** Tells the reader that nothing more will come. */
  end(): void
}
