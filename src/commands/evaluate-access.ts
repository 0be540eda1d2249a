import type { UserError } from '../access/user-error.ts'
import type { GrantState } from '../access/words.ts'
import type { CommandContext } from './command.ts'
import type { Judgement } from './evaluate-targets.ts'
import { judgeRequest } from './judge-request.ts'
import type { JudgedPort } from './judge-target.ts'
import { readRequest, type AccessInput, type TargetInput } from './read-request.ts'
import { beginningState } from './request-rows.ts'

/** What would become of a request. */
export interface AccessEvaluation {
  /** One for each target, in their order; empty when the whole input is refused. */
  readonly targets: readonly EvaluatedTarget[]
  /** The state in which its grants would begin; null when there would be none. */
  readonly state: GrantState | null
  /** What the whole is refused for. */
  readonly userErrors: readonly UserError[]
}

/** What would become of a target of the input. */
export interface EvaluatedTarget {
  readonly vmId: string
  /** One for each port of the target, in their order. */
  readonly ports: readonly EvaluatedPort[]
  /** What it is refused for apart from constraints, which are told of its ports. */
  readonly userErrors: readonly UserError[]
}

/** What would become of a port as it is asked for. */
export interface EvaluatedPort extends JudgedPort {
  readonly port: number
}

/**
 * Says what `requestAccess` would do with this input now. It is the same evaluation over one snapshot of the database:
 * nothing is written, no row and no gate is held, so nobody waits for it, and it waits for nobody.
 */
export async function evaluateAccess({ store, viewer }: CommandContext, input: AccessInput): Promise<AccessEvaluation> {
  const request = readRequest(viewer, input)
  if (request.userErrors.length > 0) return refused(request.userErrors)
  const { judged, startsAt, userErrors } = await store.db.transaction(
    (tx) => judgeRequest(tx, viewer, request, 'none'),
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  )
  if (userErrors.length > 0) return refused(userErrors)
  const permitted = judged.flatMap((one) => one.permitted)
  return {
    targets: request.targets.map((target, index) => evaluated(target, judged[index] as Judgement)),
    state: permitted.length === 0 ? null : beginningState(permitted, startsAt),
    userErrors: [],
  }
}

const evaluated = ({ vmId, ports }: TargetInput, judgement: Judgement): EvaluatedTarget => ({
  vmId,
  ports: ports.map(({ port }, index) => ({ port, ...(judgement.ports[index] as JudgedPort) })),
  userErrors: judgement.userErrors.filter(({ code }) => code !== 'POLICY_VIOLATION'),
})

const refused = (userErrors: readonly UserError[]): AccessEvaluation => ({ targets: [], state: null, userErrors })
