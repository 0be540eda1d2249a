import { ArmError } from '../answer.ts'
import { readBlock } from '../prefix.ts'
import type { RuleProperties } from '../resource.ts'
import type { RuleInput } from './show-group.ts'
import { isObject, unparsable } from './validate-group.ts'

type Side = 'source' | 'destination'

const namePattern = /^\w(?:[\w.-]{0,78}\w)?$/
const tagPattern = /^[a-z][a-z0-9]*(\.[a-z0-9]+)*$/i
const MOST_DESCRIPTION = 140
const words = {
  access: ['allow', 'deny'],
  direction: ['inbound', 'outbound'],
  protocol: ['tcp', 'udp', 'icmp', 'esp', 'ah', '*'],
} as const

/** Checks one rule as Azure does, alone. Throws the `ArmError` that Azure would answer with. */
export function readRule(groupId: string, rule: unknown): RuleInput {
  if (!isObject(rule)) throw unparsable('a rule must be an object')
  const { name, properties } = rule
  if (typeof name !== 'string' || !namePattern.test(name))
    throw new ArmError(
      400,
      'InvalidResourceName',
      `Resource name ${String(name)} is invalid. The name can be up to 80 characters long. It must begin with a word character, and it must end with a word character or with '_'. The name may contain word characters or '.', '-', '_'.`,
      { details: [] },
    )
  if (!isObject(properties)) throw unparsable(`rule ${name} has no properties`)
  const id = `${groupId}/securityRules/${name}`
  for (const [field, allowed] of Object.entries(words)) {
    const value = properties[field]
    if (typeof value !== 'string' || !(allowed as readonly string[]).includes(value.toLowerCase()))
      throw unparsable(`${field} of rule ${name} is ${JSON.stringify(value)}`)
  }
  for (const field of Object.keys(properties).filter((key) => /(Prefix|Range)(es|s)$/.test(key)))
    if (!isTexts(properties[field])) throw unparsable(`${field} of rule ${name} must be a list of texts`)
  for (const field of Object.keys(properties).filter((key) => /(Prefix|PortRange)$/.test(key)))
    if (properties[field] !== null && typeof properties[field] !== 'string')
      throw unparsable(`${field} of rule ${name} must be a text`)
  const { priority, description } = properties
  if (typeof priority !== 'number' || !Number.isInteger(priority) || priority < 100 || priority > 4096)
    throw invalid('Priority', `Priority. Value provided: ${String(priority)} Allowed range 100-4096`)
  if (typeof description === 'string' && description.length > MOST_DESCRIPTION)
    throw invalid('Description', `Description. It can be up to ${String(MOST_DESCRIPTION)} characters long`)
  const read = properties as RuleProperties
  for (const side of ['source', 'destination'] as const) {
    checkAddresses(id, side, read)
    checkPorts(id, side, read)
  }
  const families = (['source', 'destination'] as const).flatMap((side) =>
    addressPrefixesOf(read, side).flatMap((text) => readBlock(text)?.family ?? []),
  )
  if (new Set(families).size > 1)
    throw new ArmError(
      400,
      'ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies',
      `Resource ${id} cannot contain address prefixes from different address families.`,
      { details: [] },
    )
  return { name, properties: read }
}

/** All address prefixes of one side of a rule, from the singular and the plural field. */
export function addressPrefixesOf(rule: RuleProperties, side: Side): string[] {
  const one = side === 'source' ? rule.sourceAddressPrefix : rule.destinationAddressPrefix
  const many = side === 'source' ? rule.sourceAddressPrefixes : rule.destinationAddressPrefixes
  return [...(one ? [one] : []), ...(many ?? [])]
}

/** All port ranges of one side of a rule, from the singular and the plural field. */
export function portRangesOf(rule: RuleProperties, side: Side): string[] {
  const one = side === 'source' ? rule.sourcePortRange : rule.destinationPortRange
  const many = side === 'source' ? rule.sourcePortRanges : rule.destinationPortRanges
  return [...(one ? [one] : []), ...(many ?? [])]
}

function checkAddresses(ruleId: string, side: Side, rule: RuleProperties): void {
  const label = `${side === 'source' ? 'Source' : 'Destination'}AddressPrefix`
  const one = side === 'source' ? rule.sourceAddressPrefix : rule.destinationAddressPrefix
  const many = (side === 'source' ? rule.sourceAddressPrefixes : rule.destinationAddressPrefixes) ?? []
  const groups =
    (side === 'source' ? rule.sourceApplicationSecurityGroups : rule.destinationApplicationSecurityGroups) ?? []
  const filled = [one ? 1 : 0, many.length, groups.length].filter((count) => count > 0).length
  if (filled === 0) throw missing(ruleId, label)
  if (filled > 1) throw both(ruleId, label)
  for (const text of many) if (text === '*' || readBlock(text) === null) throw unsupported(ruleId, `${label}es`, text)
  for (const text of addressPrefixesOf(rule, side)) {
    const block = readBlock(text)
    if (block === null ? text !== '*' && !tagPattern.test(text) : block.hostBits)
      throw invalid('AddressPrefix', `Address prefix. Value provided: ${text}`)
  }
}

function checkPorts(ruleId: string, side: Side, rule: RuleProperties): void {
  const label = `${side === 'source' ? 'Source' : 'Destination'}PortRange`
  const one = side === 'source' ? rule.sourcePortRange : rule.destinationPortRange
  const many = (side === 'source' ? rule.sourcePortRanges : rule.destinationPortRanges) ?? []
  if (!one && many.length === 0) throw missing(ruleId, label)
  if (one && many.length > 0) throw both(ruleId, label)
  for (const text of many) if (text === '*') throw unsupported(ruleId, `${label}s`, text)
  for (const text of portRangesOf(rule, side)) {
    const [first, last = first] = text.split('-').map((part) => (/^\d{1,5}$/.test(part) ? Number(part) : NaN))
    const valid = text.split('-').length < 3 && Number(first) <= Number(last) && Number(last) <= 65_535
    if (text !== '*' && !valid)
      throw invalid(
        'PortRange',
        `Port range. Value provided: ${text}. Value should be an integer OR integer range with '-' delimiter. Valid range 0-65535`,
      )
  }
}

function invalid(what: string, message: string): ArmError {
  return new ArmError(400, `SecurityRuleInvalid${what}`, `Security rule has invalid ${message}.`, { details: [] })
}

function missing(ruleId: string, label: string): ArmError {
  return new ArmError(
    400,
    'RequiredSecurityRuleParametersMissing',
    `Required security rule parameters are missing for security rule with Id: ${ruleId}. Security rule must specify ${label}.`,
    { details: [] },
  )
}

function both(ruleId: string, label: string): ArmError {
  return new ArmError(
    400,
    'SecurityRuleCannotSpecifyBothSingularAndPlural',
    `Security rule with Id ${ruleId} cannot specify both ${label} and its plural.`,
    { details: [] },
  )
}

function unsupported(ruleId: string, label: string, value: string): ArmError {
  return new ArmError(
    400,
    'SecurityRuleParameterContainsUnsupportedValue',
    `Security rule parameter ${label} for rule with Id ${ruleId} cannot specify existing VIRTUALNETWORK, INTERNET, AZURELOADBALANCER, '*' or system tags. Unsupported value used: ${value}.`,
    { details: [] },
  )
}

function isTexts(value: unknown): value is string[] {
  return value === null || (Array.isArray(value) && value.every((entry) => typeof entry === 'string'))
}
