import { enableCompileCache, flushCompileCache, registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Beside the code it was compiled from: whoever can write here can write the code as well. */
const CACHE = fileURLToPath(new URL('../node_modules/.cache/jit-gateway', import.meta.url))

/** Packages that are ES modules throughout, and whose package.json is large. */
const LARGE = ['/node_modules/drizzle-orm/']

/**
 * Makes loading quicker for every module that is loaded from now on. Neither measure is needed: where the folder cannot
 * be written, everything is compiled at each start.
 *
 * Types are stripped and code is compiled once and kept. And Node, which parses the package.json of a package anew for
 * each of its modules to learn their format, is told it: drizzle-orm has a package.json of 290 kB and a hundred
 * modules, which took half a second and as much garbage as all the rest.
 */
export function loadQuickly(): void {
  enableCompileCache(CACHE)
  registerHooks({
    resolve(specifier, context, resolveNext) {
      const { parentURL = '', conditions } = context
      if (
        !specifier.startsWith('.') ||
        !conditions.includes('import') ||
        !LARGE.some((path) => parentURL.includes(path))
      )
        return resolveNext(specifier, context)
      return { url: new URL(specifier, parentURL).href, format: 'module', shortCircuit: true }
    },
  })
}

/**
 * To be called once everything is loaded. Keeps what was compiled, which a process that is killed could not; and gives
 * back the memory that loading took and V8 would hold for as long as little is asked of it: a third of all.
 */
export function loaded(): void {
  flushCompileCache()
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (how: object) => void
  setFlagsFromString('--no-expose-gc')
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
