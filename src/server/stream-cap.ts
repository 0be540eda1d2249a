/** Counts what clients hold open, over all transports, so that no more than `most` are. */
export interface StreamCap {
  /** Takes a place and answers how to give it back, once; null when all are taken. */
  take(): (() => void) | null
}

export function createStreamCap(most: number): StreamCap {
  let taken = 0
  return {
    take() {
      if (taken >= most) return null
      taken += 1
      let held = true
      return () => {
        if (held) taken -= 1
        held = false
      }
    },
  }
}
