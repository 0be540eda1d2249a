import { Client } from 'pg'
import type { Log } from '../log/log.ts'
import { backoffMs, type Backoff } from '../time/backoff.ts'
import { pause, systemClock, type Clock } from '../time/clock.ts'

const RECONNECT: Backoff = { firstMs: 100, mostMs: 5_000 }
const CONNECT_WITHIN_MS = 5_000
/** A connection whose other end is gone without a word is found out by the system's own probes. */
const PROBE_AFTER_MS = 10_000

/**
 * Listens for notifications on `channels`, over a connection of its own which is made anew whenever it is lost. After
 * each connect every channel is `heard` once, since what was sent meanwhile is lost. A notification is a hint to look:
 * it carries nothing, may come late or twice, and nobody may depend on it alone. `heard` must not throw.
 */
export function listen(
  url: string,
  channels: readonly string[],
  heard: (channel: string) => void,
  log: Log,
  clock: Clock = systemClock,
): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const ended = keepListening()
  return {
    async stop() {
      stopping.abort()
      await ended
    },
  }

  async function keepListening(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted;) {
      const client = new Client({
        connectionString: url,
        application_name: 'jit-gateway-listen',
        connectionTimeoutMillis: CONNECT_WITHIN_MS,
        keepAlive: true,
        keepAliveInitialDelayMillis: PROBE_AFTER_MS,
      })
      try {
        await listenUntilLost(client, () => (failures = 0))
      } catch (error) {
        if (stopping.signal.aborted) return
        failures += 1
        log.warn({ error: (error as Error).message, failures }, 'listening for notifications was interrupted')
        await pause(clock, backoffMs(RECONNECT, failures, Math.random()), stopping.signal)
      }
    }
  }

  /** Resolves when told to stop; fails when the connection is lost or cannot be made. */
  async function listenUntilLost(client: Client, connected: () => void): Promise<void> {
    const { promise: over, resolve: end, reject: lose } = Promise.withResolvers<void>()
    const stop = () => end()
    client.on('error', lose)
    client.on('end', () => lose(new Error('the connection ended')))
    client.on('notification', ({ channel }) => heard(channel))
    stopping.signal.addEventListener('abort', stop, { once: true })
    try {
      if (stopping.signal.aborted) return
      await Promise.race([begin(client), over])
      connected()
      if (!stopping.signal.aborted) for (const channel of channels) heard(channel)
      await over
    } finally {
      stopping.signal.removeEventListener('abort', stop)
      over.catch(() => {})
      await client.end().catch(() => {})
    }
  }

  async function begin(client: Client): Promise<void> {
    await client.connect()
    await client.query(channels.map((channel) => `listen ${client.escapeIdentifier(channel)}`).join('; '))
  }
}
