import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const built = fileURLToPath(new URL('../../../dist/main.js', import.meta.url))

/** A gateway in a process of its own, as `npm start` makes it of what was built. */
export interface GatewayProcess {
  readonly child: ChildProcess
  /** Everything it told on standard output so far. */
  readonly told: () => string
  /** Where it serves. */
  readonly url: string
  /** Ends it at once, in the middle of whatever it does, and waits until it is gone. */
  kill(): Promise<void>
  /** Asks it to stop; answers its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts one and waits until it serves. Fails, with what it said, when it ends before. */
export async function startProcess(env: Readonly<Record<string, string>>, main = built): Promise<GatewayProcess> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [main], {
    env: { PATH, HOME, PORT: '0', LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      const url = /(http:\/\/\S+)\/graphql/.exec(out)?.[1]
      if (url !== undefined && /is ready/.test(out)) resolve(url)
    })
    child.once('exit', (code, signal) => reject(new Error(`the gateway ended (${code ?? signal}): ${out}${err}`)))
  })
  const exited = once(child, 'exit')
  return {
    child,
    told: () => out,
    url: await ready,
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      const [code] = (await exited) as [number | null]
      return code
    },
  }
}
