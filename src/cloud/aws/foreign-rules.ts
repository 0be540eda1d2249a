import type { CloudFault } from '../../access/facts.ts'
import { placeOf, type GroupRule } from '../../firewall/security-group/group-rule.ts'
import { CloudError } from '../error.ts'
import type { Applied } from '../port.ts'
import { all, type Lists } from './list.ts'
import { readGroupRule } from './map-rule.ts'
import type { SeenInterface } from './seen.ts'
import type { RuleWriter } from './write-rules.ts'

type Left = NonNullable<Applied['left']>

/** Takes foreign rules away and writes them again; answers those that were left as they are, each with the reason. */
export interface ForeignRules {
  take(seen: SeenInterface, rules: readonly GroupRule[], signal?: AbortSignal): Promise<Left>
  giveBack(seen: SeenInterface, rules: readonly GroupRule[], signal?: AbortSignal): Promise<Left>
}

/** Refusals that are about one rule, and hold back nothing else. */
const ONE_RULE = new Set(['INVALID', 'QUOTA', 'CONFLICT'])

export function foreignRules(lists: Lists, rules: RuleWriter): ForeignRules {
  return {
    /** Each is looked at again first: a rule keeps its id when somebody changes it, and a group may be put on others. */
    async take({ place, instanceId }, wanted, signal) {
      const left: { rule: GroupRule; fault: CloudFault }[] = []
      for (const [groupId, taken] of Map.groupBy(wanted, (rule) => rule.groupId)) {
        const wearers = await all(lists.interfaces(place, { name: 'group-id', values: [groupId] }, signal))
        const others = wearers.filter(
          ({ NetworkInterfaceId, Attachment }) =>
            NetworkInterfaceId !== place.interfaceId && (instanceId === null || Attachment?.InstanceId !== instanceId),
        )
        if (others.length > 0) {
          left.push(...taken.map((rule) => ({ rule, fault: sharedFault(groupId, others.length) })))
          continue
        }
        const filter = { name: 'security-group-rule-id', values: taken.map(({ ruleId }) => ruleId) }
        const now = new Set((await all(lists.rules(place, filter, signal))).map(readGroupRule).map(placeOf))
        if (taken.some((rule) => !now.has(placeOf(rule))))
          throw new CloudError(
            'CONFLICT',
            'RuleChanged',
            'Somebody changed a rule at the same moment; the gateway reads it anew.',
          )
        await rules.revoke(
          place,
          groupId,
          taken.map(({ ruleId }) => ruleId),
          signal,
        )
      }
      return left
    },
    async giveBack({ place }, wanted, signal) {
      const left: { rule: GroupRule; fault: CloudFault }[] = []
      for (const rule of wanted)
        try {
          await rules.authorize(place, rule.groupId, [rule], rule.tags, signal)
        } catch (error) {
          if (!(error instanceof CloudError) || !ONE_RULE.has(error.kind)) throw error
          // Somebody else wrote it again meanwhile: that is as good.
          if (error.code === 'InvalidPermission.Duplicate') continue
          left.push({ rule, fault: { code: error.code, message: error.message } })
        }
      return left
    },
  }
}

const sharedFault = (groupId: string, others: number): CloudFault => ({
  code: 'GROUP_SHARED',
  message: `The security group ${groupId} is also worn by ${String(others)} network interface${others === 1 ? '' : 's'} of others, which taking the rule away would close too: give this machine a group of its own, or narrow the rule.`,
})
