import type { IpPermission, SecurityGroupRule, Tag } from '@aws-sdk/client-ec2'
import type { GroupRule, GroupRuleSource } from '../../firewall/security-group/group-rule.ts'
import { unexpectedAnswer } from './unexpected.ts'

/** A rule as EC2 describes it. What is no rule, or names nobody, must not pass for one that admits nobody. */
export function readGroupRule(raw: SecurityGroupRule): GroupRule {
  const { SecurityGroupRuleId: ruleId, GroupId: groupId, IpProtocol: protocol } = raw
  const source = readSource(raw)
  if (ruleId === undefined || groupId === undefined || protocol === undefined || source === null)
    throw unexpectedAnswer('a rule without an id, a protocol or a source')
  return {
    groupId,
    ruleId,
    protocol: protocol.toLowerCase(),
    fromPort: raw.FromPort ?? -1,
    toPort: raw.ToPort ?? -1,
    source,
    description: raw.Description ?? null,
    tags: readTags(raw.Tags),
  }
}

/** The rules as one call takes them, each with its own description. */
export function toPermissions(rules: readonly Omit<GroupRule, 'groupId' | 'ruleId' | 'tags'>[]): IpPermission[] {
  return rules.map(({ protocol, fromPort, toPort, source, description }) => {
    const Description = description ?? undefined
    return {
      IpProtocol: protocol,
      // EC2 takes no ports where the protocol has none.
      ...(protocol === '-1' ? {} : { FromPort: fromPort, ToPort: toPort }),
      ...('cidr' in source
        ? source.cidr.includes(':')
          ? { Ipv6Ranges: [{ CidrIpv6: source.cidr, Description }] }
          : { IpRanges: [{ CidrIp: source.cidr, Description }] }
        : 'prefixListId' in source
          ? { PrefixListIds: [{ PrefixListId: source.prefixListId, Description }] }
          : {
              UserIdGroupPairs: [
                {
                  GroupId: source.referencedGroupId,
                  UserId: source.ownerId ?? undefined,
                  VpcPeeringConnectionId: source.peeringConnectionId ?? undefined,
                  Description,
                },
              ],
            }),
    }
  })
}

export function readTags(tags: readonly Tag[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).flatMap(({ Key, Value }) => (Key === undefined ? [] : [[Key, Value ?? '']])))
}

function readSource(raw: SecurityGroupRule): GroupRuleSource | null {
  const cidr = raw.CidrIpv4 ?? raw.CidrIpv6
  if (cidr !== undefined) return { cidr }
  if (raw.PrefixListId !== undefined) return { prefixListId: raw.PrefixListId }
  const { GroupId: referencedGroupId, UserId, VpcPeeringConnectionId } = raw.ReferencedGroupInfo ?? {}
  if (referencedGroupId === undefined) return null
  return { referencedGroupId, ownerId: UserId ?? null, peeringConnectionId: VpcPeeringConnectionId ?? null }
}
