import type { BoundaryKind } from '../access/words.ts'
import { azureFirewall } from './azure-firewall/ways.ts'
import type { Drift } from './drift.ts'
import type { BoundaryFacts } from './input.ts'
import { networkSecurityGroup } from './network-security-group.ts'
import type { Plan } from './plan.ts'
import type { Remainder } from './remains.ts'
import { securityGroup } from './security-group/ways.ts'
import type { Shadow } from './shadow.ts'
import type { Shown } from './shown.ts'
import type { GrantEvidence } from './verify.ts'

/** How boundaries of one kind are planned and read. Each is decided from the facts and from what is shown alone. */
export interface Ways {
  /** What to write, given what is shown. */
  plan(facts: BoundaryFacts, shown: Shown): Plan
  /** Looks for each live grant's rule as the cloud would. */
  verify(facts: BoundaryFacts, shown: Shown): readonly GrantEvidence[]
  /** Looks for what is left of ended grants. */
  remains(facts: BoundaryFacts, shown: Shown): readonly Remainder[]
  /** Protected ports that foreign rules leave passable here. */
  shadows(facts: BoundaryFacts, shown: Shown): readonly Shadow[]
  /** Rules of ours that somebody else took away or changed. To be read before a write of our own. */
  drift(facts: BoundaryFacts, shown: Shown): readonly Drift[]
}

const known: Partial<Record<BoundaryKind, Ways>> = {
  AZURE_FIREWALL: azureFirewall,
  NETWORK_SECURITY_GROUP: networkSecurityGroup,
  SECURITY_GROUP: securityGroup,
}

/** The ways of a kind of boundary. */
export function waysOf(kind: BoundaryKind): Ways {
  const ways = known[kind]
  if (ways === undefined) throw new Error(`boundaries of the kind ${kind} are not known`)
  return ways
}
