import type { FanoutEvent } from '../../fanout/document.ts'

/** Says where the server listens to whoever started it, and hands on every event it is told. */
export function told(port: number, publish: (event: FanoutEvent) => void): void {
  process.on('message', publish)
  process.on('disconnect', () => process.exit(0))
  process.send?.({ port })
}
