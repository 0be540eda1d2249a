import type { CloudFault } from '../access/facts.ts'
import { CloudError } from '../cloud/error.ts'
import type { Applied, Cloud, Observation } from '../cloud/port.ts'
import { onlyOpening, partsOf } from '../firewall/parts.ts'
import type { RuleChanges } from '../firewall/rule.ts'

/** What became of a set of changes. */
export interface Written {
  /** The cloud's correlation id of the last write. */
  readonly correlationId: string | null
  /** Rules the cloud would not take, by name, each with the cloud's words. The rest is in place. */
  readonly refused: ReadonlyMap<string, CloudFault>
  /** Foreign rules that were not taken away, or not written again, each with the reason. */
  readonly left: NonNullable<Applied['left']>
}

/**
 * Writes changes in one call. Where the cloud finds the batch invalid or beyond a quota, what closes is written alone,
 * then what opens is halved until the culprits stand by themselves: one bad rule never holds back a close, nor others.
 */
export async function writeChanges(
  cloud: Cloud,
  observation: Observation,
  changes: RuleChanges,
  signal: AbortSignal,
): Promise<Written> {
  try {
    const applied = await cloud.apply(observation, changes, signal)
    return { correlationId: applied.correlationId, refused: new Map(), left: applied.left ?? [] }
  } catch (error) {
    if (!isBatchFault(error)) throw error
    const parts = partsOf(changes)
    if (parts.length < 2) return refuseOpening(changes, error)
    return writeParts(cloud, observation, parts, signal)
  }
}

async function writeParts(
  cloud: Cloud,
  first: Observation,
  parts: readonly RuleChanges[],
  signal: AbortSignal,
): Promise<Written> {
  const refused = new Map<string, CloudFault>()
  const left: Written['left'][number][] = []
  let correlationId: string | null = null
  for (const [index, part] of parts.entries()) {
    const observation = index === 0 ? first : await cloud.observe(first.boundaryId, signal)
    const written = await writeChanges(cloud, observation, part, signal)
    for (const [name, fault] of written.refused) refused.set(name, fault)
    left.push(...written.left)
    correlationId = written.correlationId ?? correlationId
  }
  return { correlationId, refused, left }
}

/** A single opening that the cloud refuses is an answer; anything that closes must be tried again. */
function refuseOpening(changes: RuleChanges, error: CloudError): Written {
  const only = onlyOpening(changes)
  if (only === null) throw error
  return { correlationId: error.correlationId, refused: new Map([[only.name, faultOf(error)]]), left: [] }
}

function isBatchFault(error: unknown): error is CloudError {
  return error instanceof CloudError && (error.kind === 'INVALID' || error.kind === 'QUOTA')
}

/** A refusal as the API shows it. */
export function faultOf(error: CloudError): CloudFault {
  return { code: error.code, message: error.message }
}
