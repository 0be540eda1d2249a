import { isOurs, type RuleChanges } from '../../firewall/rule.ts'
import type { Observation } from '../port.ts'
import { listProperty, property, textProperty, unexpectedAnswer, type Json } from './answer.ts'
import { readRule, writeRule } from './map-rule.ts'

/** What Azure works out itself: back-references and states, which a write need not carry. */
const READ_ONLY = [
  'defaultSecurityRules',
  'networkInterfaces',
  'subnets',
  'flowLogs',
  'provisioningState',
  'resourceGuid',
]

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
