/** Loaded before a server's own code: on SIGUSR2 it collects its garbage and writes down what is left. */
import { renameSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { memoryFile } from './memory-file.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (how: { type: string; execution: string; flavor: string }) => void

process.on('SIGUSR2', () => {
  // The last resort also gives back what the engine keeps free for later; twice, for what only the first made garbage.
  for (let time = 0; time < 2; time++) collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  const file = memoryFile(process.pid)
  writeFileSync(`${file}.draft`, JSON.stringify(process.memoryUsage()))
  renameSync(`${file}.draft`, file)
})
