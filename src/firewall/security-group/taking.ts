import type { CloudFault } from '../../access/facts.ts'
import type { BoundaryFacts, ProtectedMachine } from '../input.ts'
import type { GroupChanges } from './changes.ts'
import { placeOf, toRule, type GroupRule } from './group-rule.ts'
import type { GroupsShown } from './groups-shown.ts'

/**
 * Whether a foreign rule is to be taken away while the machine is under JIT: its policy says so, and every port that the
 * rule admits is protected. A rule that admits anything else besides stays: somebody may live by it.
 */
export function isToBeTaken(rule: GroupRule, machines: readonly ProtectedMachine[]): boolean {
  const { protocol, ports } = toRule(rule, false)
  const [range] = ports
  if (protocol === 'ANY' || protocol === 'OTHER' || range === undefined) return false
  return machines.some(
    (machine) =>
      machine.closesForeignRules === true &&
      portsIn(range).every((port) =>
        machine.ports.some((kept) => kept.port === port && (kept.protocol === 'ANY' || kept.protocol === protocol)),
      ),
  )
}

/** What to do about foreign rules, given those that are remembered as taken away. */
export function takingsOf(
  { machines, taken = [] }: Pick<BoundaryFacts, 'machines' | 'taken'>,
  { foreign, foreignGroupIds }: Pick<GroupsShown, 'foreign' | 'foreignGroupIds'>,
): { readonly take: readonly GroupRule[]; readonly giveBack: readonly GroupRule[] } {
  const standing = new Set(foreign.map(placeOf))
  // A group that the interface no longer wears closes nothing for its machine.
  const isWanted = (rule: GroupRule) => foreignGroupIds.includes(rule.groupId) && isToBeTaken(rule, machines)
  return {
    take: foreign.filter(isWanted),
    giveBack: taken.filter((rule) => !standing.has(placeOf(rule)) && !isWanted(rule)),
  }
}

/** What became of foreign rules that are remembered. */
export interface Tally {
  /** Taken away by this pass. */
  readonly taken: readonly GroupRule[]
  /** Written again by this pass. */
  readonly returned: readonly GroupRule[]
  /** No longer to be remembered: written again by whomever, or never taken away. */
  readonly forgotten: readonly GroupRule[]
  /** Left as they are, each with the reason. */
  readonly left: readonly LeftRule[]
}

/** A rule that was not taken away, or not written again. */
export interface LeftRule {
  readonly rule: GroupRule
  readonly fault: CloudFault
}

/** What a write came to, as the boundary shows it afterwards. A rule that AWS took is written, whatever is shown. */
export function tallyOf(
  facts: Pick<BoundaryFacts, 'machines' | 'taken'>,
  { take, giveBack }: Pick<GroupChanges, 'take' | 'giveBack'>,
  left: readonly LeftRule[],
  after: Pick<GroupsShown, 'foreign' | 'foreignGroupIds'>,
): Tally {
  const standing = new Set(after.foreign.map(placeOf))
  const failed = new Set(left.map(({ rule }) => placeOf(rule)))
  const wanted = new Set(takingsOf(facts, after).take.map(placeOf))
  const returned = giveBack.filter((rule) => !failed.has(placeOf(rule)))
  const done = new Set(returned.map(placeOf))
  return {
    taken: take.filter((rule) => !failed.has(placeOf(rule)) && !standing.has(placeOf(rule))),
    returned,
    forgotten: (facts.taken ?? []).filter((rule) => {
      const place = placeOf(rule)
      return done.has(place) || (standing.has(place) && !wanted.has(place))
    }),
    left,
  }
}

/** A policy has a few ports at most: of a wider range, one more than that is enough to see that not all are protected. */
const MOST_PORTS = 51

function portsIn({ first, last }: { readonly first: number; readonly last: number }): number[] {
  return Array.from({ length: Math.min(MOST_PORTS, last - first + 1) }, (_, index) => first + index)
}
