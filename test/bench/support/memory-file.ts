import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where a `collectable` process writes what it uses. */
export function memoryFile(pid: number): string {
  return join(tmpdir(), `jit-gateway-fanout-${String(pid)}.memory`)
}
