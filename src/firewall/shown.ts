import type { BoundaryKind } from '../access/words.ts'
import type { FirewallShown } from './azure-firewall/firewall-shown.ts'
import type { Rule } from './rule.ts'
import type { GroupsShown } from './security-group/groups-shown.ts'

/** What a boundary shows at one moment, as far as anything is decided from it. */
export interface Shown {
  readonly kind: BoundaryKind
  /** Every inbound rule, ours and foreign, without the cloud's default rules. */
  readonly rules: readonly Rule[]
  /** Rules of any direction: the quota counts them all. */
  readonly ruleCount: number
  /** What else there is to see where the kind is AZURE_FIREWALL; other kinds leave it out. */
  readonly firewall?: FirewallShown
  /** What else there is to see where the kind is SECURITY_GROUP; other kinds leave it out. */
  readonly groups?: GroupsShown
}
