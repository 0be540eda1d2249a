/** What was wrong with what one subscriber was given. */
export interface Verdict {
  /** Events from its first on that it never got. */
  readonly lost: number
  /** Deliveries of an event it had been given already. */
  readonly doubled: number
  /** Events that came after one that stands behind them in the log. */
  readonly disordered: number
  /** Deliveries of what is no event of the log. */
  readonly foreign: number
}

const faultless: Verdict = { lost: 0, doubled: 0, disordered: 0, foreign: 0 }

/** The log as it was committed: the numbers of its events in order, and the place of each. */
export interface CommittedLog {
  readonly order: Int32Array
  readonly places: ReadonlyMap<number, number>
}

export function committedLog(order: Int32Array): CommittedLog {
  return { order, places: new Map(Array.from(order, (sequence, place) => [sequence, place])) }
}

/**
 * Judges what a subscriber received against the log: from the first event it was given on, every event exactly once,
 * in the log's order. `whole` false is for one that was cut off: what came after its last event is not lost.
 */
export function judge(log: CommittedLog, received: Int32Array, whole: boolean): Verdict {
  if (isStretch(log, received, whole)) return faultless
  let doubled = 0
  let disordered = 0
  let foreign = 0
  let first = whole ? 0 : log.order.length
  let highest = -1
  const seen = new Set<number>()
  for (const sequence of received) {
    const place = log.places.get(sequence)
    if (place === undefined) foreign += 1
    else if (seen.has(place)) doubled += 1
    else {
      if (place < highest) disordered += 1
      first = seen.size === 0 ? place : Math.min(first, place)
      highest = Math.max(highest, place)
      seen.add(place)
    }
  }
  const end = whole ? log.order.length : highest + 1
  return { lost: Math.max(0, end - first) - seen.size, doubled, disordered, foreign }
}

/** Whether it is what it should be, told without remembering anything: so it is of nearly every subscriber. */
function isStretch({ order, places }: CommittedLog, received: Int32Array, whole: boolean): boolean {
  const start = places.get(received[0] ?? -1)
  if (start === undefined || start + received.length > order.length) return false
  if (whole && start + received.length < order.length) return false
  for (let index = 0; index < received.length; index++) if (received[index] !== order[start + index]) return false
  return true
}
