import { fork } from 'node:child_process'
import { once } from 'node:events'
import { drawFact, eventOf } from './draw.ts'
import { now } from './now.ts'
import type { Contestant, FanoutServer } from './server.ts'
import type { FanoutSettings } from './settings.ts'
import { collectable } from '../support/usage.ts'

/**
 * A server without a log, which is told its events by messages and says its port in its first: an event happened when
 * it was sent to it.
 */
export function peer(settings: FanoutSettings, name: string, file: string, ownIds = true): Contestant {
  return { name, start: () => startPeer(settings, file, ownIds) }
}

async function startPeer(settings: FanoutSettings, file: string, ownIds: boolean): Promise<FanoutServer> {
  const child = fork(file, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, ...collectable, NODE_ENV: 'production' },
  })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2_000)))
  let stopping = false
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const died = exited.then(([code, signal]) =>
    stopping ? new Promise<string>(() => {}) : `${String(code ?? signal)}: ${said}`,
  )
  const failed = died.then((why) => Promise.reject(new Error(`${file} ended: ${why}`)))
  failed.catch(() => {})
  const [{ port }] = (await Promise.race([once(child, 'message'), failed])) as [{ port: number }]
  const published: number[] = []
  return {
    pid: child.pid ?? 0,
    endpoint: { port, path: '/graphql', token: null, ownIds },
    publish(sequence) {
      const event = eventOf(drawFact(settings.seed, sequence, settings.sources), sequence)
      published.push(sequence)
      const at = now()
      return new Promise((resolve, reject) => {
        child.send(event, (error) => (error === null ? resolve(at) : reject(error)))
      })
    },
    orderFrom: (sequence) => Promise.resolve(Int32Array.from(published.filter((each) => each >= sequence))),
    died,
    async stop() {
      stopping = true
      child.kill('SIGKILL')
      await exited
    },
  }
}
