import type { Shown } from '../shown.ts'
import type { GroupRule } from './group-rule.ts'

/** What is seen of the security groups that a network interface wears, and of the one that is ours. */
export interface GroupsShown {
  /**
   * The group that holds our rules: WORN by the interface; IDLE where it is there and not worn, so that its rules admit
   * nobody; NONE where there is no such group.
   */
  readonly ours: 'WORN' | 'IDLE' | 'NONE'
  /** Other interfaces that wear our group, by id: a rule in it would open them too. */
  readonly strangers: readonly string[]
  /** Whether our group can be taken off: an interface wears at least one. */
  readonly removable: boolean
  /** Ids of the foreign groups that the interface wears. */
  readonly foreignGroupIds: readonly string[]
  /** Inbound rules of the foreign groups, as it takes to write them again. */
  readonly foreign: readonly GroupRule[]
}

const none: GroupsShown = { ours: 'NONE', strangers: [], removable: false, foreignGroupIds: [], foreign: [] }

/** What is shown of groups, also of a boundary that says nothing of them. */
export const groupsOf = (shown: Shown): GroupsShown => shown.groups ?? none
