/**
 * A bounded memory, the least recently used dropped first. What was used while less than half of it was full counts as
 * used when it came: to keep the order costs more than a look-up, and while there is room nobody asks for it.
 */
export interface Lru<Thing> {
  /** What is known under `key`, or what `make` makes of it. */
  of(key: string, make: () => Thing): Thing
  /** What is known under `key`; undefined when nothing is. */
  get(key: string): Thing | undefined
  /** Knows `thing` under `key` from now on. */
  set(key: string, thing: Thing): void
  readonly size: number
}

export function createLru<Thing>(most: number): Lru<Thing> {
  const things = new Map<string, Thing>()
  const get = (key: string) => {
    const known = things.get(key)
    if (known === undefined || things.size < most / 2) return known
    things.delete(key)
    things.set(key, known)
    return known
  }
  const set = (key: string, thing: Thing) => {
    things.delete(key)
    things.set(key, thing)
    if (things.size > most) things.delete(things.keys().next().value as string)
  }
  return {
    of(key, make) {
      const known = get(key)
      if (known !== undefined) return known
      const made = make()
      set(key, made)
      return made
    },
    get,
    set,
    get size() {
      return things.size
    },
  }
}
