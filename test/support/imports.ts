import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** One import of a source file; `target` is a path below src, or the name of a package or of a module of Node's. */
export interface Import {
  readonly file: string
  readonly target: string
  readonly kind: 'own' | 'package' | 'node'
}

const IMPORT = /^\s*(?:import|export)\s[^'";]*?\bfrom '([^']+)'|^\s*import '([^']+)'|\bimport\('([^']+)'\)/gm

/** Every source file, as a path below src, with its text. */
export function sources(): { readonly file: string; readonly text: string }[] {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file: file.replaceAll('\\', '/'), text: readFileSync(join(root, 'src', file), 'utf8') }))
}

/** Every import of every source file, of values and types alike. */
export function imports(): Import[] {
  return sources().flatMap(({ file, text }) =>
    [...text.matchAll(IMPORT)].map(([, from, bare, lazy]) => describe(file, from ?? bare ?? lazy ?? '')),
  )
}

function describe(file: string, specifier: string): Import {
  if (specifier.startsWith('.'))
    return { file, target: normalize(join(dirname(file), specifier)).replaceAll('\\', '/'), kind: 'own' }
  if (specifier.startsWith('node:')) return { file, target: specifier, kind: 'node' }
  const parts = specifier.split('/')
  return { file, target: parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/'), kind: 'package' }
}
