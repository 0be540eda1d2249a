import { fork } from 'node:child_process'
import { once } from 'node:events'

/** A server of the benchmark in a process of its own. */
export interface ServerProcess {
  readonly pid: number
  readonly port: number
  stop(): Promise<void>
}

/** Starts one, which says its port in its first message; fails, with what it said, when it ends before. */
export async function startServerProcess(
  file: string,
  database: { readonly url: string; readonly accountIds: readonly string[] },
): Promise<ServerProcess> {
  const { PATH = '', HOME = '' } = process.env
  const child = fork(file, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { PATH, HOME, NODE_ENV: 'production', DATABASE_URL: database.url, ACCOUNT_IDS: database.accountIds.join() },
  })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)))
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const ended = exited.then(([code, signal]) => {
    throw new Error(`${file} ended (${String(code ?? signal)}): ${said}`)
  })
  ended.catch(() => {})
  const [{ port }] = (await Promise.race([once(child, 'message'), ended])) as [{ port: number }]
  return {
    pid: child.pid ?? 0,
    port,
    async stop() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
