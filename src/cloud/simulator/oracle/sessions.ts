import type { PacketQuestion, PacketVerdict } from './oracle.ts'

/** Sessions that packets have set up: rules decide over new ones only, so these outlive the rule that let them in. */
export interface Sessions {
  /** Sets one up; null when its first packet is stopped. */
  open(question: PacketQuestion): string | null
  survives(session: string): boolean
  /** Ends every session that a group's rules now in force would stop, as a group with `flushConnection` has it. */
  reevaluate(groupId: string): void
}

export function createSessions(oracle: {
  /** By one group alone when it is named. Throws when there is no such machine any more. */
  readonly verdict: (question: PacketQuestion, groupId?: string) => PacketVerdict
  readonly interfacesOf: (question: PacketQuestion) => readonly string[]
}): Sessions {
  /** By the session's id, the packet that set it up, with the interface it went through. */
  const sessions = new Map<string, PacketQuestion>()
  const stillPasses = (question: PacketQuestion, groupId: string) => {
    try {
      return oracle.verdict(question, groupId).passes
    } catch {
      return false
    }
  }
  return {
    open(question) {
      const nic = oracle.interfacesOf(question).find((each) => oracle.verdict({ ...question, nic: each }).passes)
      if (nic === undefined) return null
      const id = crypto.randomUUID()
      sessions.set(id, { ...question, nic })
      return id
    },
    survives: (session) => sessions.has(session),
    reevaluate(groupId) {
      for (const [id, question] of sessions) if (!stillPasses(question, groupId)) sessions.delete(id)
    },
  }
}
