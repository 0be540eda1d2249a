import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { memoryFile } from './memory-file.ts'

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
const LOOK_EVERY_MS = 20

/** The environment of a process that `liveMemory` can ask. */
export const collectable = { NODE_OPTIONS: `--import=${new URL('collectable.ts', import.meta.url).href}` } as const

/** CPU time a process has used so far, all its threads together, in microseconds. */
export function cpuUs(pid: number): number {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
  // Behind the name, which may hold anything, in parentheses: utime and stime are the 14th and 15th of all.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1e6
}

/** Resident memory of a process, in kilobytes. */
export function rssKb(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8')) ?? []
  return Number(kilobytes)
}

/** Memory of a process without its garbage, in kilobytes. */
export interface LiveMemory {
  /** Resident. */
  readonly rssKb: number
  /** Objects and buffers that are in use; what sockets take outside the engine's sight is not in it. */
  readonly liveKb: number
}

/** Has a `collectable` process collect its garbage, and reads what is left. */
export async function liveMemory(pid: number): Promise<LiveMemory> {
  const file = memoryFile(pid)
  await rm(file, { force: true })
  process.kill(pid, 'SIGUSR2')
  // Fails when the process is gone.
  for (rssKb(pid); !existsSync(file); rssKb(pid)) await delay(LOOK_EVERY_MS)
  const { heapUsed, external } = JSON.parse(await readFile(file, 'utf8')) as NodeJS.MemoryUsage
  await rm(file)
  return { rssKb: rssKb(pid), liveKb: (heapUsed + external) / 1_024 }
}
