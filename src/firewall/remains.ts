import { readDescription } from './describe.ts'
import type { LiveGrant } from './input.ts'
import { everyAddress, prefixesOf, readRules, touches, type Flow } from './match.ts'
import { flowsOf, type Opened } from './opening.ts'
import { isOurAllow, type Rule } from './rule.ts'
import { giversOf } from './within.ts'

/** What the rules still show for a grant that is live no more. */
export interface Remainder {
  readonly grantId: string
  /**
   * ABSENT: no rule of ours admits any of its packets. SHARED: those that do are given by live grants. OPEN: one admits
   * them, or names the grant, that no live grant accounts for.
   */
  readonly status: 'ABSENT' | 'SHARED' | 'OPEN'
  /** The rule that says so; null when ABSENT. */
  readonly ruleName: string | null
}

/**
 * Looks for what is left of ended grants in the rules, and tells it from what live grants are entitled to: `giving` says
 * which of them give a rule.
 */
export function remainsOf(
  ended: readonly (Opened & { readonly grantId: string })[],
  live: readonly LiveGrant[],
  rules: readonly Rule[],
  giving: typeof giversOf = giversOf,
): Remainder[] {
  const allows = readRules(rules.filter(isOurAllow))
  const givers = giving(live)
  const strays = allows
    .filter(({ rule }) => givers(rule).length === 0)
    .map((read) => ({ read, namedId: readDescription(read.rule)?.grantId }))
  return ended.map((grant) => {
    const { grantId } = grant
    const wide = widelyOf(grant)
    const stray = strays.find(({ read, namedId }) => namedId === grantId || wide.some((flow) => touches(read, flow)))
    if (stray !== undefined) return { grantId, status: 'OPEN', ruleName: stray.read.rule.name }
    const flows = flowsOf(grant)
    const shared = allows.find((read) => flows.some((flow) => touches(read, flow)))
    return shared === undefined
      ? { grantId, status: 'ABSENT', ruleName: null }
      : { grantId, status: 'SHARED', ruleName: shared.rule.name }
  })
}

/** What the grant may have opened. A machine may have lost the addresses it had: without one, any is suspect. */
function widelyOf(grant: Opened): Flow[] {
  const { port, protocol } = grant
  const addresses = prefixesOf(grant.addresses)
  return ([4, 6] as const).map((family) => {
    const destinations = addresses.filter((address) => address.family === family)
    return {
      sources: prefixesOf(grant.sources).filter((source) => source.family === family),
      destinations: destinations.length > 0 ? destinations : everyAddress(family),
      port,
      protocol,
    }
  })
}
