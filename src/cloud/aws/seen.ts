import { hash } from 'node:crypto'
import { admissionOf, toRule, type GroupRule } from '../../firewall/security-group/group-rule.ts'
import type { Observation } from '../port.ts'
import { interfacePath, type InterfacePlace } from './place.ts'

/** What was seen of an interface, its groups and ours. */
export interface SeenInterface {
  readonly place: InterfacePlace
  /** Ids of the groups that it wears; null when there is no such interface any more. */
  readonly groupIds: readonly string[] | null
  /** The instance that it is attached to; null when there is none. */
  readonly instanceId: string | null
  /** The group that holds our rules; null when there is none. */
  readonly ourGroupId: string | null
  /** Other interfaces that wear it. */
  readonly strangers: readonly string[]
  /** Rules of our group that let something out: there should be none. */
  readonly egressIds: readonly string[]
  /** Inbound rules of our group and of all that the interface wears. */
  readonly rules: readonly GroupRule[]
}

/** The observation of an interface. EC2 has no etag: what is seen makes one. */
export function observationOf(seen: SeenInterface): Observation {
  const { ourGroupId, groupIds } = seen
  const worn = groupIds !== null && ourGroupId !== null && groupIds.includes(ourGroupId)
  const ours = seen.rules.filter(({ groupId }) => groupId === ourGroupId)
  const foreign = seen.rules.filter(({ groupId }) => groupId !== ourGroupId)
  return {
    boundaryId: interfacePath(seen.place),
    kind: 'SECURITY_GROUP',
    etag: etagOf(seen),
    rules: [...ours.map((rule) => toRule(rule, true)), ...foreign.map((rule) => toRule(rule, false))],
    ruleCount: seen.rules.length + seen.egressIds.length,
    groups: {
      ours: ourGroupId === null ? 'NONE' : worn ? 'WORN' : 'IDLE',
      strangers: seen.strangers,
      removable: groupIds === null || groupIds.some((id) => id !== ourGroupId),
      foreignGroupIds: (groupIds ?? []).filter((id) => id !== ourGroupId),
      foreign,
    },
    raw: seen,
  }
}

/** Alike for what is alike, in whatever order EC2 tells it. */
function etagOf({ groupIds, ourGroupId, rules }: SeenInterface): string {
  const lines = rules.map((rule) => `${rule.groupId} ${rule.ruleId} ${admissionOf(rule)} ${rule.description ?? ''}`)
  return hash(
    'sha256',
    [groupIds?.toSorted().join() ?? 'gone', ourGroupId ?? '', ...lines.toSorted()].join('\n'),
    'hex',
  )
}
