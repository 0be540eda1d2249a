/** A write of a security group or a firewall at the moment it is committed. */
export interface WriteInfo {
  readonly method: 'PUT' | 'DELETE'
  /** Lower-cased. */
  readonly resourceId: string
  readonly ruleNamesAdded: readonly string[]
  readonly ruleNamesRemoved: readonly string[]
}

export type WriteMoment = 'beforeWrite' | 'afterWrite'

/** Who is called, and waited for, around the commit of each write. */
export interface WriteEvents {
  /** The answer takes the listener away. */
  on(moment: WriteMoment, heard: (info: WriteInfo) => void | Promise<void>): () => void
  tell(moment: WriteMoment, info: WriteInfo): Promise<void>
}

export function createWriteEvents(): WriteEvents {
  const listeners = { beforeWrite: new Set<Listener>(), afterWrite: new Set<Listener>() }
  return {
    on(moment, heard) {
      // A listener of its own, so that one function can be added twice.
      const listener: Listener = (info) => heard(info)
      listeners[moment].add(listener)
      return () => {
        listeners[moment].delete(listener)
      }
    },
    async tell(moment, info) {
      for (const listener of listeners[moment]) await listener(info)
    },
  }
}
type Listener = (info: WriteInfo) => void | Promise<void>
