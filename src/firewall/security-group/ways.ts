import { remainsOf } from '../remains.ts'
import { shadowsOf } from '../shadow.ts'
import type { Ways } from '../ways.ts'
import { planSecurityGroup } from './plan.ts'
import { driftOfGroup, verifyGroup } from './read.ts'
import { groupGivers } from './within.ts'

/**
 * The security groups that a network interface of AWS wears. AWS takes their rules for one set that admits whatever any
 * of them admits: rules only allow, have no order, and hold for every interface that wears the group.
 */
export const securityGroup: Ways = {
  plan: planSecurityGroup,
  verify: verifyGroup,
  remains: ({ ended, grants }, { rules }) => remainsOf(ended, grants, rules, groupGivers),
  shadows: ({ machines }, { rules }) => shadowsOf(machines, rules),
  drift: driftOfGroup,
}
