import { isOurs, type RuleChanges } from '../../firewall/rule.ts'
import { pause, type Clock } from '../../time/clock.ts'
import { CloudError } from '../error.ts'
import type { Applied, Cloud, Observation } from '../port.ts'
import { correlationIdOf, listProperty, property, textProperty, unexpectedAnswer, type Json } from './answer.ts'
import type { ArmClient } from './client.ts'
import { readRule, writeRule } from './map-rule.ts'
import { awaitOperation, isUpdating, type Cadence } from './operation.ts'

/** The version of Microsoft.Network that groups are read and written in. */
export const NETWORK_VERSION = '2025-05-01'

/** How long a reading waits for somebody's write to end, in milliseconds. */
const SETTLE_WITHIN_MS = 10_000

/** What Azure works out itself: back-references and states, which a write need not carry. */
const READ_ONLY = [
  'defaultSecurityRules',
  'networkInterfaces',
  'subnets',
  'flowLogs',
  'provisioningState',
  'resourceGuid',
]

/** Reading and writing of network security groups, each as a whole. */
export function securityGroups(client: ArmClient, cadence: Cadence, clock: Clock): Pick<Cloud, 'observe' | 'apply'> {
  return {
    /**
     * While a write is in progress, what is shown is not yet what packets meet: such a reading would prove nothing. It
     * is waited for, and then left for later as a conflict. A group whose last write failed is read as it stands, since
     * only the next write mends it; that our own write failed was told by its operation.
     */
    async observe(boundaryId, signal) {
      const deadline = clock.now() + SETTLE_WITHIN_MS
      for (let wait = cadence.firstMs; ; wait = Math.min(wait * 2, cadence.mostMs)) {
        const { body } = await client.get(boundaryId, { 'api-version': NETWORK_VERSION }, signal)
        if (!isUpdating(body)) return readingOf(boundaryId, body)
        if (clock.now() + wait > deadline || signal?.aborted)
          throw new CloudError(
            'CONFLICT',
            'AnotherOperationInProgress',
            'Another write to the network security group has not ended; the gateway looks again.',
          )
        await pause(clock, wait, signal)
      }
    },
    async apply(observation, changes, signal): Promise<Applied> {
      const body = changedGroup(observation.raw, changes)
      const answer = await client.put(observation.boundaryId, NETWORK_VERSION, observation.etag, body, signal)
      await awaitOperation(client, answer, cadence, clock, signal)
      return { correlationId: correlationIdOf(answer) }
    },
  }
}

/** The group that was asked for; another one's rules would prove nothing of it. */
function readingOf(boundaryId: string, raw: unknown): Observation {
  const group = readGroup(raw)
  if (group.boundaryId !== boundaryId.toLowerCase()) throw unexpectedAnswer('another network security group')
  return group
}

/**
 * A group as it was answered, in the gateway's words; the answer itself is kept for the write. What is no group, such as
 * a proxy's page, must not pass for one without rules: every close would count as proven.
 */
export function readGroup(raw: unknown): Observation {
  const [id, etag] = [textProperty(raw, 'id') ?? '', textProperty(raw, 'etag') ?? '']
  const rules = property(property(raw, 'properties'), 'securityRules')
  if (id === '' || etag === '' || !Array.isArray(rules)) throw unexpectedAnswer('no network security group')
  return {
    boundaryId: id.toLowerCase(),
    kind: 'NETWORK_SECURITY_GROUP',
    etag,
    rules: rules.flatMap((rule) => readRule(rule) ?? []),
    ruleCount: rules.length,
    raw,
  }
}

/** The group after the changes. Everything of it that is not a rule of ours goes back as it came. */
export function changedGroup(raw: unknown, { remove, put }: RuleChanges): Json {
  const foreign = [...remove, ...put.map((rule) => rule.name)].find((name) => !isOurs({ name }))
  if (foreign !== undefined) throw new Error(`a rule that is not ours was to be changed: ${foreign}`)
  const gone = new Set(remove.map((name) => name.toLowerCase()))
  const coming = new Map(put.map((rule) => [rule.name.toLowerCase(), writeRule(rule)]))
  const properties = property(raw, 'properties') as Json
  const kept = listProperty(properties, 'securityRules').flatMap((rule) => {
    const name = (textProperty(rule, 'name') ?? '').toLowerCase()
    const next = coming.get(name)
    coming.delete(name)
    return next !== undefined ? [next] : gone.has(name) ? [] : [rule]
  })
  const more = Object.entries(properties).filter(([name]) => !READ_ONLY.includes(name))
  return {
    ...(raw as Json),
    properties: { ...Object.fromEntries(more), securityRules: [...kept, ...coming.values()] },
  }
}
