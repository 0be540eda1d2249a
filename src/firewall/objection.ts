import type { CloudFault } from '../access/facts.ts'
import type { LiveGrant } from './input.ts'
import type { Rule } from './rule.ts'

/** What changes are judged against. */
export interface Judged {
  readonly present: readonly Rule[]
  readonly grants: readonly LiveGrant[]
  /** Rules of any direction that the boundary holds now. */
  readonly ruleCount: number
}

/** What one look at the changes found that must not be written. */
export interface Objection {
  readonly remove: readonly string[]
  readonly put: readonly Rule[]
  /** What to tell the grants that the rules put were for; null when they lose nothing by it. */
  readonly fault: CloudFault | null
}
