import { enableCompileCache, flushCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Beside the code it was compiled from: whoever can write here can write the code as well. */
const CACHE = fileURLToPath(new URL('../node_modules/.cache/jit-gateway', import.meta.url))

/**
 * Makes loading quicker for every module that is loaded from now on: code is compiled once and kept. Where the folder
 * cannot be written everything is compiled at each start.
 */
export function loadQuickly(): void {
  enableCompileCache(CACHE)
}

/**
 * To be called once everything is loaded. Keeps what was compiled, which a process that is killed could not; and gives
 * back the memory that loading took and V8 would hold for as long as little is asked of it.
 */
export function loaded(): void {
  flushCompileCache()
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (how: object) => void
  setFlagsFromString('--no-expose-gc')
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
