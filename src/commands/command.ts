import type { UserError } from '../access/user-error.ts'
import type { Viewer } from '../access/viewer.ts'
import type { Protocol } from '../access/words.ts'
import type { Store } from '../store/store.ts'

/** What every verb is given beside its input. */
export interface CommandContext {
  readonly store: Store
  readonly viewer: Viewer
}

/** A port of a policy, as asked. Null means the default: TCP, any source, three hours. */
export interface PortInput {
  readonly port: number
  readonly protocol?: Protocol | null
  readonly allowedSources?: readonly string[] | null
  readonly maximumDurationSeconds?: number | null
}

/** The answer of a verb about one thing; `id` is null when nothing was written. */
export interface Outcome {
  readonly id: string | null
  readonly userErrors: readonly UserError[]
}

/** One virtual machine of a bulk verb, in the order of the input; `policyId` is null when it was refused. */
export interface PolicyOutcome {
  readonly vmId: string
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
