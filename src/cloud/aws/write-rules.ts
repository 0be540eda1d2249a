import type { Tag } from '@aws-sdk/client-ec2'
import { isOurs, type Rule } from '../../firewall/rule.ts'
import { ourName, type GroupRule } from '../../firewall/security-group/group-rule.ts'
import { CloudError } from '../error.ts'
import type { Ec2 } from './client.ts'
import { toPermissions } from './map-rule.ts'
import type { Place } from './place.ts'

/** What a rule says, without where it stands. */
export type RuleSpec = Omit<GroupRule, 'groupId' | 'ruleId' | 'tags'>

/** Codes by which EC2 says that a rule, or its group, is not there: to take it away is done. */
const GONE = new Set(['InvalidPermission.NotFound', 'InvalidSecurityGroupRuleId.NotFound', 'InvalidGroup.NotFound'])

/** Writes of rules. Each answers the id that AWS gave the call, null when it gave none. */
export interface RuleWriter {
  /** Takes rules away by their ids; one that is gone already is no fault. */
  revoke(place: Place, groupId: string, ruleIds: readonly string[], signal?: AbortSignal): Promise<string | null>
  /**
   * Takes rules away by what they admit. Unlike a reading this looks at what is so, not at what is shown: once it is
   * answered, the rule is gone.
   */
  revokeAdmitted(
    place: Place,
    groupId: string,
    rules: readonly RuleSpec[],
    egress: boolean,
    signal?: AbortSignal,
  ): Promise<string | null>
  /** The same of rules that let something out. */
  revokeOut(place: Place, groupId: string, ruleIds: readonly string[], signal?: AbortSignal): Promise<string | null>
  /** Adds rules, all or none. */
  authorize(
    place: Place,
    groupId: string,
    rules: readonly RuleSpec[],
    tags: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<string | null>
  /** Gives rules that stand another description. */
  describe(place: Place, groupId: string, rules: readonly GroupRule[], signal?: AbortSignal): Promise<string | null>
}

export function ruleWriter(ec2: Ec2): RuleWriter {
  const revokeIds = async (place: Place, GroupId: string, SecurityGroupRuleIds: string[], signal?: AbortSignal) => {
    const answer = await ec2.ask(
      place,
      'RevokeSecurityGroupIngress',
      (sdk, client, options) =>
        client.send(new sdk.RevokeSecurityGroupIngressCommand({ GroupId, SecurityGroupRuleIds }), options),
      signal,
    )
    return requestIdOf(answer)
  }
  return {
    async revoke(place, groupId, ruleIds, signal) {
      if (ruleIds.length === 0) return null
      try {
        return await revokeIds(place, groupId, [...ruleIds], signal)
      } catch (error) {
        if (!isGone(error)) throw error
        if (ruleIds.length === 1) return null
        // One that is gone holds back all the others: each by itself.
        for (const ruleId of ruleIds) await revokeIds(place, groupId, [ruleId], signal).catch(unlessGone)
        return null
      }
    },
    async revokeAdmitted(place, groupId, rules, egress, signal) {
      let requestId: string | null = null
      for (const rule of rules) {
        const input = { GroupId: groupId, IpPermissions: toPermissions([{ ...rule, description: null }]) }
        const asked = egress
          ? ec2.ask(
              place,
              'RevokeSecurityGroupEgress',
              (sdk, client, options) => client.send(new sdk.RevokeSecurityGroupEgressCommand(input), options),
              signal,
            )
          : ec2.ask(
              place,
              'RevokeSecurityGroupIngress',
              (sdk, client, options) => client.send(new sdk.RevokeSecurityGroupIngressCommand(input), options),
              signal,
            )
        const answer = await asked.catch(unlessGone)
        requestId = answer === null ? requestId : requestIdOf(answer)
      }
      return requestId
    },
    async revokeOut(place, groupId, ruleIds, signal) {
      if (ruleIds.length === 0) return null
      const input = { GroupId: groupId, SecurityGroupRuleIds: [...ruleIds] }
      const answer = await ec2
        .ask(
          place,
          'RevokeSecurityGroupEgress',
          (sdk, client, options) => client.send(new sdk.RevokeSecurityGroupEgressCommand(input), options),
          signal,
        )
        .catch(unlessGone)
      return answer === null ? null : requestIdOf(answer)
    },
    async authorize(place, groupId, rules, tags, signal) {
      if (rules.length === 0) return null
      const Tags = Object.entries(tags).map(([Key, Value]): Tag => ({ Key, Value }))
      const input = {
        GroupId: groupId,
        IpPermissions: toPermissions(rules),
        ...(Tags.length === 0 ? {} : { TagSpecifications: [{ ResourceType: 'security-group-rule' as const, Tags }] }),
      }
      const answer = await ec2.ask(
        place,
        'AuthorizeSecurityGroupIngress',
        (sdk, client, options) => client.send(new sdk.AuthorizeSecurityGroupIngressCommand(input), options),
        signal,
      )
      return requestIdOf(answer)
    },
    async describe(place, groupId, rules, signal) {
      if (rules.length === 0) return null
      const SecurityGroupRules = rules.map((rule) => ({
        SecurityGroupRuleId: rule.ruleId,
        SecurityGroupRule: {
          IpProtocol: rule.protocol,
          FromPort: rule.fromPort,
          ToPort: rule.toPort,
          ...('cidr' in rule.source
            ? { [rule.source.cidr.includes(':') ? 'CidrIpv6' : 'CidrIpv4']: rule.source.cidr }
            : {}),
          Description: rule.description ?? '',
        },
      }))
      const answer = await ec2.ask(
        place,
        'ModifySecurityGroupRules',
        (sdk, client, options) =>
          client.send(new sdk.ModifySecurityGroupRulesCommand({ GroupId: groupId, SecurityGroupRules }), options),
        signal,
      )
      return requestIdOf(answer)
    },
  }
}

/** A rule of ours as EC2 takes it: one source, one port. */
export function specOf(rule: Rule): RuleSpec {
  const [cidr, range] = [rule.sources[0], rule.ports[0]]
  if (
    cidr === undefined ||
    range === undefined ||
    !isOurs(rule) ||
    (rule.protocol !== 'TCP' && rule.protocol !== 'UDP')
  )
    throw new Error(`the rule ${rule.name} cannot be written into a security group`)
  const spec: RuleSpec = {
    protocol: rule.protocol.toLowerCase(),
    fromPort: range.first,
    toPort: range.last,
    source: { cidr },
    description: rule.description,
  }
  if (ourName({ ...spec, tags: {} }) !== rule.name)
    throw new Error(`the rule ${rule.name} does not admit what its name says`)
  return spec
}

export function requestIdOf(answer: {
  readonly $metadata: { readonly requestId?: string | undefined }
}): string | null {
  return answer.$metadata.requestId ?? null
}

export function isGone(error: unknown): boolean {
  return error instanceof CloudError && GONE.has(error.code)
}

/** What is gone already needs no taking away. */
export function unlessGone(error: unknown): null {
  if (isGone(error)) return null
  throw error
}
