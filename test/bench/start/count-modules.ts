/**
 * Loaded ahead of the product (`node --import`): counts the modules that it loads and what their files hold, by package,
 * and writes that to `modules.json` in the folder that COUNT_IN names when the process ends.
 */
import { writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { partOf } from './part-of.ts'

const parts = new Map<string, { modules: number; kilobytes: number }>()

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    const part = parts.get(partOf(url)) ?? { modules: 0, kilobytes: 0 }
    part.modules += 1
    part.kilobytes +=
      (typeof loaded.source === 'string' ? loaded.source.length : (loaded.source?.byteLength ?? 0)) / 1_024
    parts.set(partOf(url), part)
    return loaded
  },
})

process.on('exit', () => {
  writeFileSync(join(process.env['COUNT_IN'] ?? '.', 'modules.json'), JSON.stringify([...parts]))
})
