/** Counts what clients hold open, over all transports, so that no more than `most` are. */
export interface StreamCap {
  /** Takes a place; false when all are taken. */
  take(): boolean
  /** Gives back a place that was taken. */
  give(): void
}

export function createStreamCap(most: number): StreamCap {
  let taken = 0
  return {
    take() {
      if (taken >= most) return false
      taken += 1
      return true
    },
    give() {
      taken -= 1
    },
  }
}
