/**
 * Every worker begins with this, and loads the two thousand modules of what is tested sooner. Types are stripped and
 * code is compiled once and kept. And Node, which parses the package.json of a package anew for each of its modules to
 * learn their format, is told it: drizzle-orm has a package.json of 290 kB and a hundred modules, which took half a
 * second and as much garbage as all the rest.
 */
import { registerHooks } from 'node:module'
import { loadQuickly } from '../../src/load-quickly.ts'

/** Packages that are ES modules throughout, and whose package.json is large. */
const LARGE = ['/node_modules/drizzle-orm/']

loadQuickly()
registerHooks({
  resolve(specifier, context, resolveNext) {
    const { parentURL = '', conditions } = context
    if (!specifier.startsWith('.') || !conditions.includes('import') || !LARGE.some((path) => parentURL.includes(path)))
      return resolveNext(specifier, context)
    return { url: new URL(specifier, parentURL).href, format: 'module', shortCircuit: true }
  },
})
