import { covers, policyBounds, samePort, sortPorts, type PolicyPort, type PolicyTerms, type PortKey } from './policy.ts'
import { same } from './same.ts'
import type { CommonTerms } from './terms.ts'
import type { Protocol } from './words.ts'

/** What of a policy can be other than its template says. */
export const overridable = ['PORT', 'APPROVAL', 'JUSTIFICATION', 'TICKET', 'FOREIGN_RULES', 'NOTICE'] as const
export type Overridable = (typeof overridable)[number]

/** One thing that a policy says other than its template. */
export interface Override {
  readonly term: Overridable
  /** Null for what is no port. */
  readonly port: number | null
  readonly protocol: Protocol | null
}

const names = {
  APPROVAL: 'approval',
  JUSTIFICATION: 'justification',
  TICKET: 'ticket',
  FOREIGN_RULES: 'closesForeignRules',
  NOTICE: 'noticeSeconds',
} as const satisfies Record<Exclude<Overridable, 'PORT'>, keyof CommonTerms>
const commonTerms = overridable.filter((term) => term !== 'PORT')

/** What a policy says other than its template: ports that only one of them has, or has otherwise, among it. */
export function overridesOf(policy: PolicyTerms, template: PolicyTerms): readonly Override[] {
  const keys = sortPorts([...policy.ports, ...template.ports.filter((port) => !policy.ports.some(samePort(port)))])
  const ports = keys.filter((key) => !same(portOf(policy, key), portOf(template, key)))
  const terms = commonTerms.filter((term) => !same(policy[names[term]], template[names[term]]))
  return [
    ...ports.map(({ port, protocol }) => ({ term: 'PORT' as const, port, protocol })),
    ...terms.map((term) => ({ term, port: null, protocol: null })),
  ]
}

/**
 * What a policy is to say that follows `template` in all but its overrides. A port of the template that overlaps one
 * which the policy has of its own is left out; so are those for which a policy has no room.
 */
export function follow(policy: PolicyTerms, overrides: readonly Override[], template: PolicyTerms): PolicyTerms {
  const isOwn = (key: PortKey) => overrides.some((one) => one.port === key.port && one.protocol === key.protocol)
  const own = policy.ports.filter(isOwn)
  const followed = template.ports.filter(
    (port) => !isOwn(port) && !own.some((other) => covers(other, port) || covers(port, other)),
  )
  const terms = commonTerms.map((term) => {
    const name = names[term]
    return [name, (overrides.some((one) => one.term === term) ? policy : template)[name]]
  })
  const ports = sortPorts([...own, ...followed.slice(0, policyBounds.mostPorts - own.length)])
  return { ...(Object.fromEntries(terms) as unknown as CommonTerms), ports }
}

function portOf({ ports }: PolicyTerms, key: PortKey): PolicyPort | null {
  return ports.find(samePort(key)) ?? null
}
