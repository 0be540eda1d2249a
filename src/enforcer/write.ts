import type { CloudFault } from '../access/facts.ts'
import { CloudError } from '../cloud/error.ts'
import type { Cloud, Observation } from '../cloud/port.ts'
import type { Rule, RuleChanges } from '../firewall/rule.ts'

/** What became of a set of changes. */
export interface Written {
  /** The cloud's correlation id of the last write. */
  readonly correlationId: string | null
  /** Rules the cloud would not take, by name, each with the cloud's words. The rest is in place. */
  readonly refused: ReadonlyMap<string, CloudFault>
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
    return { correlationId: applied.correlationId, refused: new Map() }
  } catch (error) {
    if (!isBatchFault(error)) throw error
    const parts = partsOf(changes)
    if (parts.length < 2) return refuseOpenings(changes, error)
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
  let correlationId: string | null = null
  for (const [index, part] of parts.entries()) {
    const observation = index === 0 ? first : await cloud.observe(first.boundaryId, signal)
    const written = await writeChanges(cloud, observation, part, signal)
    for (const [name, fault] of written.refused) refused.set(name, fault)
    correlationId = written.correlationId ?? correlationId
  }
  return { correlationId, refused }
}

/** What closes apart from what opens; a batch that only opens in halves. */
function partsOf(changes: RuleChanges): RuleChanges[] {
  const opens = changes.put.filter((rule) => rule.access === 'ALLOW')
  const denies = changes.put.filter((rule) => rule.access === 'DENY')
  if (opens.length > 0 && (denies.length > 0 || changes.remove.length > 0))
    return [{ remove: changes.remove, put: denies }, opening(opens)]
  if (opens.length > 1) {
    const middle = Math.ceil(opens.length / 2)
    return [opening(opens.slice(0, middle)), opening(opens.slice(middle))]
  }
  return [changes]
}

const opening = (put: readonly Rule[]): RuleChanges => ({ remove: [], put })

/** A single opening that the cloud refuses is an answer; anything that closes must be tried again. */
function refuseOpenings(changes: RuleChanges, error: CloudError): Written {
  const [only] = changes.put
  if (changes.remove.length > 0 || only === undefined || only.access === 'DENY') throw error
  return { correlationId: error.correlationId, refused: new Map([[only.name, faultOf(error)]]) }
}

function isBatchFault(error: unknown): error is CloudError {
  return error instanceof CloudError && (error.kind === 'INVALID' || error.kind === 'QUOTA')
}

/** A refusal as the API shows it. */
export function faultOf(error: CloudError): CloudFault {
  return { code: error.code, message: error.message }
}
