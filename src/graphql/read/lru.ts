/** A bounded memory, the least recently used dropped first. */
export interface Lru<Thing> {
  /** What is known under `key`, or what `make` makes of it. */
  of(key: string, make: () => Thing): Thing
  readonly size: number
}

export function createLru<Thing>(most: number): Lru<Thing> {
  const things = new Map<string, Thing>()
  return {
    of(key, make) {
      const known = things.get(key)
      if (known !== undefined) {
        things.delete(key)
        things.set(key, known)
        return known
      }
      const made = make()
      things.set(key, made)
      if (things.size > most) things.delete(things.keys().next().value as string)
      return made
    },
    get size() {
      return things.size
    },
  }
}
