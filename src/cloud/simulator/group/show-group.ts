import { groupType, newEtag, type Resource, type RuleProperties, type SecurityGroup } from '../resource.ts'
import type { Users } from '../world.ts'
import { defaultRules } from './default-rules.ts'

/** What of a group's properties the cloud works out itself: a write that names them is not heard. */
const readOnly = ['resourceGuid', 'provisioningState', 'defaultSecurityRules', 'networkInterfaces', 'subnets']

/** A rule as a caller writes it. */
export interface RuleInput {
  readonly name: string
  readonly properties: RuleProperties
}

/** A group as a caller writes it, already validated. */
export interface GroupInput {
  readonly location: string
  readonly tags?: Record<string, string>
  readonly properties: { readonly securityRules?: readonly RuleInput[]; readonly [more: string]: unknown }
}

/** The whole answer of a GET. Every rule carries the group's etag and state, as in Azure. */
export function showGroup(group: SecurityGroup, users: Users): Resource {
  const { provisioningState, resourceGuid, securityRules, ...more } = group.properties
  const etag = group.etag ?? ''
  return {
    name: group.name,
    id: group.id,
    etag,
    type: groupType,
    ...(group.location === undefined ? {} : { location: group.location }),
    ...(group.tags === undefined ? {} : { tags: group.tags }),
    properties: {
      provisioningState,
      resourceGuid,
      ...more,
      securityRules: securityRules.map((rule) => showRule(group, rule)),
      defaultSecurityRules: defaultRules(group.id, etag, provisioningState),
      ...(users.interfaces.length === 0 ? {} : { networkInterfaces: users.interfaces.map((id) => ({ id })) }),
      ...(users.subnets.length === 0 ? {} : { subnets: users.subnets.map((id) => ({ id })) }),
    },
  }
}

/** One rule as a GET answers it. */
export function showRule(group: SecurityGroup, rule: RuleInput): Resource<RuleProperties> {
  const { provisioningState: _, ...properties } = rule.properties
  return {
    name: rule.name,
    id: `${group.id}/securityRules/${rule.name}`,
    etag: group.etag ?? '',
    type: `${groupType}/securityRules`,
    properties: { provisioningState: group.properties.provisioningState, ...properties },
  }
}

/** The group that a write leaves behind: everything it does not name is gone, tags and unknown properties too. */
export function writtenGroup(id: string, name: string, input: GroupInput, before: SecurityGroup | null): SecurityGroup {
  const more = Object.fromEntries(Object.entries(input.properties).filter(([key]) => !readOnly.includes(key)))
  return {
    id: before?.id ?? id,
    name: before?.name ?? name,
    type: groupType,
    etag: newEtag(),
    location: before?.location ?? input.location,
    ...(input.tags === undefined ? {} : { tags: input.tags }),
    properties: {
      ...more,
      provisioningState: 'Updating',
      resourceGuid: before?.properties.resourceGuid ?? crypto.randomUUID(),
      securityRules: (input.properties.securityRules ?? []).map((rule) => writtenRule(before?.id ?? id, rule)),
    },
  }
}

/** A rule as it is kept: with every plural field there, empty where the singular one holds the value. */
export function writtenRule(groupId: string, { name, properties }: RuleInput): Resource<RuleProperties> {
  return {
    id: `${groupId}/securityRules/${name}`,
    name,
    properties: {
      ...properties,
      sourcePortRanges: properties.sourcePortRanges ?? [],
      destinationPortRanges: properties.destinationPortRanges ?? [],
      sourceAddressPrefixes: properties.sourceAddressPrefixes ?? [],
      destinationAddressPrefixes: properties.destinationAddressPrefixes ?? [],
    },
  }
}
