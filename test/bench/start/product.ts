import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { rssKb } from '../support/usage.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** The first thing a client asks: machines, their policy and their live grants, as somebody who may see them. */
const query = `{ viewer { actor { id } } virtualMachines(first: 20) { nodes { id name jitStatus policy { ports { port } } } } }`

/** A product that runs. */
export interface Product {
  /** From the spawn to the last byte of the first answer, in milliseconds. */
  readonly readyMs: number
  /** Resident memory now, in megabytes (of 1,048,576 bytes, as `ps` counts). Linux only. */
  rssMb(): number
  /** Stops it in order; fails when that is not how it ends. */
  stop(): Promise<void>
}

/** Starts the product as `npm start` does, on any free port, and asks it a query with the token that it prints. */
export async function startProduct(
  env: Readonly<Record<string, string>>,
  nodeFlags: readonly string[] = [],
): Promise<Product> {
  const began = performance.now()
  const child = spawn(process.execPath, [...nodeFlags, 'dist/main.js'], {
    cwd: root,
    env: { ...process.env, LOG_LEVEL: 'error', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const readyMs = await firstAnswer(child.stdout).then(
    () => Math.round(performance.now() - began),
    (error: unknown) => {
      child.kill('SIGKILL')
      throw error
    },
  )
  return {
    readyMs,
    rssMb: () => Math.round(rssKb(child.pid ?? 0) / 1_024),
    async stop() {
      child.kill('SIGTERM')
      const [code] = (await ended) as [number | null]
      if (code !== 0) throw new Error(`the product ended with ${String(code)}`)
    },
  }
}

/** Resolves when the product, which tells on `stdout` where it is, has answered a query. */
async function firstAnswer(stdout: Readable): Promise<void> {
  let said = ''
  stdout.setEncoding('utf8')
  for await (const text of stdout.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
    said += text
    // The first token ends with its line.
    if (/^ {2}ey\S+\n/m.test(said)) break
  }
  stdout.resume()
  const [, url] = /GraphiQL +(\S+)/.exec(said) ?? []
  const [, token] = /^ {2}(ey\S+)$/m.exec(said) ?? []
  if (url === undefined || token === undefined) throw new Error(`the product did not start: ${said}`)
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })
  const text = await answer.text()
  const { data, errors } = JSON.parse(text) as { readonly data?: object | null; readonly errors?: unknown }
  if (errors !== undefined || typeof data !== 'object') throw new Error(`the first query was not answered: ${text}`)
}
