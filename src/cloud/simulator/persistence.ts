import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Log } from '../../log/log.ts'
import type { Estate, Resource } from './resource.ts'

/** Keeps an estate in a file. */
export interface Persistence {
  /** Says that the estate changed: it is written soon, many changes at once. */
  changed(): void
  /** Resolves when everything changed so far is in the file; rejects when that cannot be written. */
  flush(): Promise<void>
}

/** Keeps nothing. */
export const noPersistence: Persistence = { changed() {}, flush: async () => {} }

/** Reads an estate; null when there is no such file yet. Writes that were in progress have ended meanwhile. */
export function readEstate(file: string): Promise<Estate | null> {
  return readKept(file, (estate: Estate) => ({
    subscriptions: estate.subscriptions,
    resources: estate.resources.map(settled),
  }))
}

/** Reads what `persistIn` wrote, by `read`, which throws at what it is not; null when there is no such file yet. */
export async function readKept<Kept, Read>(file: string, read: (kept: Kept) => Read): Promise<Read | null> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
  try {
    return read(JSON.parse(text) as Kept)
  } catch (cause) {
    throw new Error(`${file} does not hold a simulated cloud: remove it to begin anew`, { cause })
  }
}

/** Writes what `estate` answers into `file`, whole and atomically, one write at a time. */
export function persistIn(file: string, estate: () => object, log: Log): Persistence {
  // Changes so far, and how many of them are in the file.
  let [changes, kept] = [0, 0]
  let writing: Promise<void> | null = null

  const write = async () => {
    const next = `${file}.next`
    const upTo = changes
    try {
      await mkdir(dirname(file), { recursive: true })
      await writeFile(next, JSON.stringify(estate()), { mode: 0o600 })
      await rename(next, file)
      kept = upTo
    } catch (error) {
      await rm(next, { force: true })
      throw error
    } finally {
      writing = null
    }
  }
  const keep = async (wanted: number) => {
    // Begun in a later turn, so that the changes of this one go into the same write.
    while (kept < wanted) await (writing ??= Promise.resolve().then(write))
  }
  return {
    changed() {
      changes += 1
      keep(changes).catch((error: unknown) => {
        log.warn({ error, file }, 'the simulated cloud could not be written')
      })
    },
    flush: () => keep(changes),
  }
}

function settled(resource: Resource): Resource {
  const { properties } = resource
  return properties['provisioningState'] === 'Updating'
    ? { ...resource, properties: { ...properties, provisioningState: 'Succeeded' } }
    : resource
}
