import type { Observation } from '../cloud/port.ts'

/**
 * What boundaries showed when they were last read, so that a write can be sent without reading first: it names the etag
 * of the reading, and the cloud refuses it when somebody wrote since. A remembered reading proves nothing by itself.
 */
export interface LastSeen {
  /**
   * The last reading, if it is the one with this etag: another enforcer may have read or written since. Null when it is
   * not, or none is remembered. It is given once: whoever takes it reads anew or remembers anew.
   */
  take(boundaryId: string, etag: string | null): Observation | null
  remember(observation: Observation): void
}

/** Rules remembered in all: about a hundred megabytes at most, with what the cloud says of each. */
const MOST_RULES = 50_000

/** Remembers readings of up to `mostRules` rules together; the ones not used for longest are forgotten first. */
export function createLastSeen(mostRules = MOST_RULES): LastSeen {
  const readings = new Map<string, Observation>()
  let rules = 0
  const forget = (boundaryId: string) => {
    const found = readings.get(boundaryId) ?? null
    if (found !== null) rules -= found.ruleCount
    readings.delete(boundaryId)
    return found
  }
  return {
    take(boundaryId, etag) {
      const found = forget(boundaryId)
      return found?.etag === etag ? found : null
    },
    remember(observation) {
      forget(observation.boundaryId)
      readings.set(observation.boundaryId, observation)
      rules += observation.ruleCount
      for (const oldest of readings.keys()) {
        if (rules <= mostRules) break
        forget(oldest)
      }
    },
  }
}
