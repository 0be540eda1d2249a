import { ArmError } from '../answer.ts'
import type { SecurityGroup } from '../resource.ts'
import type { GroupInput, RuleInput } from './show-group.ts'
import { addressPrefixesOf, readRule } from './validate-rule.ts'

const MOST_RULES = 1_000
/** Per group, over all its rules, for sources and destinations each. */
const MOST_ADDRESSES = 4_000

/** Checks the body of a group's PUT as Azure does. Throws the `ArmError` that Azure would answer with. */
export function readGroup(groupId: string, body: unknown, before: SecurityGroup | null): GroupInput {
  if (!isObject(body)) throw unparsable('the body must be an object')
  const location = body['location']
  if (typeof location !== 'string' || location === '')
    throw new ArmError(400, 'LocationRequired', 'The location property is required for this definition.')
  if (before?.location !== undefined && plainLocation(before.location) !== plainLocation(location))
    throw new ArmError(
      409,
      'InvalidResourceLocation',
      `The resource '${before.name}' already exists in location '${before.location}' in resource group '${groupId.split('/')[4] ?? ''}'. A resource with the same name cannot be created in location '${location}'. Please select a new resource name.`,
    )
  const properties = body['properties'] ?? {}
  if (!isObject(properties)) throw unparsable('properties must be an object')
  const rules = properties['securityRules'] ?? []
  if (!Array.isArray(rules)) throw unparsable('properties.securityRules must be a list')
  const securityRules = rules.map((rule: unknown) => readRule(groupId, rule))
  checkRules(groupId, securityRules)
  const tags = body['tags']
  if (tags !== undefined && tags !== null && !isObject(tags)) throw unparsable('tags must be an object')
  return {
    location,
    ...(isObject(tags) ? { tags: tags as Record<string, string> } : {}),
    properties: { ...properties, securityRules },
  }
}

/** What must hold between the rules of one group. */
export function checkRules(groupId: string, rules: readonly RuleInput[]): void {
  const names = new Set<string>()
  const byPriority = new Map<string, string>()
  for (const { name, properties } of rules) {
    if (names.has(name.toLowerCase()))
      throw new ArmError(
        400,
        'DuplicateResourceName',
        `Resource ${groupId} has two child resources with the same name (${name}).`,
        { details: [] },
      )
    names.add(name.toLowerCase())
    const place = `${properties.direction.toLowerCase()} ${String(properties.priority)}`
    const other = byPriority.get(place)
    if (other !== undefined)
      throw new ArmError(
        400,
        'SecurityRuleConflict',
        `Security rule ${name} conflicts with rule ${other}. Rules cannot have the same Priority and Direction.`,
        { details: [] },
      )
    byPriority.set(place, name)
  }
  if (rules.length > MOST_RULES)
    throw limitReached('SecurityRuleCountLimitReached', 'rules', groupId, MOST_RULES, rules.length)
  for (const side of ['source', 'destination'] as const) {
    const count = rules.reduce((sum, rule) => sum + addressPrefixesOf(rule.properties, side).length, 0)
    if (count > MOST_ADDRESSES)
      throw limitReached(
        'SecurityRuleAddressesOrPortsPerSecurityGroupLimitReached',
        `${side} addresses`,
        groupId,
        MOST_ADDRESSES,
        count,
      )
  }
}

/** Refuses a body that Azure could not read. */
export function unparsable(why: string): ArmError {
  return new ArmError(400, 'InvalidRequestFormat', 'Cannot parse the request.', {
    details: [{ code: 'InvalidJson', message: `Error converting a value: ${why}.` }],
  })
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function limitReached(code: string, what: string, groupId: string, most: number, count: number): ArmError {
  return new ArmError(
    400,
    code,
    `Network security group ${groupId} has reached the maximum number of ${what}. Limit: ${String(most)}, requested: ${String(count)}.`,
    { details: [] },
  )
}

/** `West Europe` and `westeurope` are one place. */
function plainLocation(text: string): string {
  return text.toLowerCase().replaceAll(' ', '')
}
