import type { Ec2Question, Ec2Verdict } from './oracle.ts'

/** Connections that packets have set up. EC2 tracks them: they outlive the rule that let them in. */
export interface Ec2Sessions {
  /** Sets one up; null when its first packet is stopped. */
  open(question: Ec2Question): string | null
  survives(session: string): boolean
}

export function createSessions(verdict: (question: Ec2Question) => Ec2Verdict): Ec2Sessions {
  const sessions = new Set<string>()
  return {
    open(question) {
      if (!verdict(question).passes) return null
      const id = crypto.randomUUID()
      sessions.add(id)
      return id
    },
    survives: (session) => sessions.has(session),
  }
}
