import { prefixContains } from '../../access/prefix.ts'
import type { LiveGrant } from '../input.ts'
import { prefixesOf } from '../match.ts'
import { isOurAllow, type Rule } from '../rule.ts'

/**
 * Tells which of the grants give all that a rule of ours admits: no other source, port or protocol. The machine is the
 * only one behind the group. For any other rule the answer is empty.
 */
export function groupGivers(grants: readonly LiveGrant[]): (rule: Rule) => readonly LiveGrant[] {
  const givers = grants.map((grant) => ({ grant, sources: prefixesOf(grant.sources) }))
  return (rule) => {
    const admitted = prefixesOf(rule.sources)
    if (!isOurAllow(rule) || admitted.length === 0 || admitted.length < rule.sources.length) return []
    return givers
      .filter(
        ({ grant, sources }) =>
          rule.ports.every(({ first, last }) => first === grant.port && last === grant.port) &&
          (rule.protocol === grant.protocol || (grant.protocol === 'ANY' && ['TCP', 'UDP'].includes(rule.protocol))) &&
          admitted.every((prefix) => sources.some((outer) => prefixContains(outer, prefix))),
      )
      .map(({ grant }) => grant)
  }
}
