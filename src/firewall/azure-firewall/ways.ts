import { remainsOf } from '../remains.ts'
import { isOurAllow } from '../rule.ts'
import { shadowsOf } from '../shadow.ts'
import type { Ways } from '../ways.ts'
import { behind } from './nat-rule.ts'
import { planFirewall } from './plan.ts'
import { driftOfFirewall, verifyFirewall } from './read.ts'

/**
 * An Azure Firewall with rules of its own. It lets nothing in by default, so that nothing need be closed: what is granted
 * is a NAT rule, by which what comes to a port of a public address goes on to a machine. Its sources are all that tells
 * who may come, since what stands behind the firewall sees the firewall's own address.
 */
export const azureFirewall: Ways = {
  plan: planFirewall,
  verify: verifyFirewall,
  remains: ({ ended, grants }, { rules }) => remainsOf(ended, grants, rules.map(behind)),
  shadows: ({ machines }, { rules }) => shadowsOf(machines, rules.filter((rule) => !isOurAllow(rule)).map(behind)),
  drift: driftOfFirewall,
}
