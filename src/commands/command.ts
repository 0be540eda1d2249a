import type { UserError } from '../access/user-error.ts'
import type { Viewer } from '../access/viewer.ts'
import type { Store } from '../store/store.ts'

/** What every verb is given beside its input. */
export interface CommandContext {
  readonly store: Store
  readonly viewer: Viewer
}

/** The answer of a verb about one thing; `id` is null when nothing was written. */
export interface Outcome {
  readonly id: string | null
  readonly userErrors: readonly UserError[]
}

/** The answer of a decision on a request. */
export interface DecisionOutcome extends Outcome {
  /** False when the request was decided before: what was said is in the log, and changed nothing. */
  readonly counted: boolean
}

/** One policy or machine of a bulk verb, in the order of the input; `policyId` is null when it was refused. */
export interface PolicyOutcome {
  /** Null when the policy named is not the viewer's to see. */
  readonly vmId: string | null
  readonly policyId: string | null
  readonly userErrors: readonly UserError[]
}

/** The answer of a bulk verb: `results` is empty when the whole input was refused, and `userErrors` says why. */
export interface PolicyOutcomes {
  readonly results: readonly PolicyOutcome[]
  readonly userErrors: readonly UserError[]
}

/** The answer of a request for access: grants for what the policy allows, errors for each constraint that failed. */
export interface RequestOutcome {
  readonly requestId: string | null
  readonly grantIds: readonly string[]
  readonly userErrors: readonly UserError[]
}
