import type { Rule } from '../rule.ts'
import type { GroupRule } from './group-rule.ts'

/** What is done to security groups besides putting and removing rules of ours. */
export interface GroupChanges {
  /** WEAR: our group is put on the interface. DISSOLVE: it is taken off and deleted. Null: it stays as it is. */
  readonly ours: 'WEAR' | 'DISSOLVE' | null
  /**
   * Rules that a write of ours may have left although the reading does not show them, since EC2's readings lag behind
   * its writes: to be taken away for sure.
   */
  readonly unseen: readonly Rule[]
  /** Foreign rules to take away; they have been remembered. */
  readonly take: readonly GroupRule[]
  /** Foreign rules to write again as they were. */
  readonly giveBack: readonly GroupRule[]
}

/** Nothing besides. */
export const noGroupChanges: GroupChanges = { ours: null, unseen: [], take: [], giveBack: [] }
