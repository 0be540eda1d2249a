import { applyChanges } from '../diff.ts'
import { compareTexts } from '../match.ts'
import type { Judged, Objection } from '../objection.ts'
import type { Rule, RuleChanges } from '../rule.ts'

/**
 * What a firewall holds at most, as Azure documents it: its public addresses, and the endpoints at them that NAT rules
 * translate, together. An endpoint is a public address, a port and a protocol; however many sources it has.
 */
export const mostEndpoints = 250

/** New rules for whose endpoints there is no room: the last by name go first. */
export function overBudget(
  publicAddresses: readonly string[],
): (changes: RuleChanges, { present }: Pick<Judged, 'present'>) => Objection {
  return (changes, { present }) => {
    const standing = new Set(present.map(({ name }) => name.toLowerCase()))
    const opens = changes.put
      .filter(({ name }) => !standing.has(name.toLowerCase()))
      .toSorted((left, right) => compareTexts(right.name, left.name))
    const uses = new Map<string, number>()
    for (const key of applyChanges(present, changes).flatMap(keysOf)) uses.set(key, (uses.get(key) ?? 0) + 1)
    const put: Rule[] = []
    for (const rule of opens) {
      if (uses.size + publicAddresses.length <= mostEndpoints) break
      const keys = keysOf(rule)
      if (!keys.some((key) => uses.get(key) === 1)) continue
      put.push(rule)
      for (const key of keys) {
        const left = (uses.get(key) ?? 1) - 1
        if (left === 0) uses.delete(key)
        else uses.set(key, left)
      }
    }
    return {
      remove: [],
      put,
      fault: {
        code: 'QUOTA_REACHED',
        message: `This firewall has no room left: its public addresses, and the ports at them that its NAT rules translate, are at most ${String(mostEndpoints)} together. Remove NAT rules from it, or wait until other grants have ended, then ask again.`,
      },
    }
  }
}

function keysOf({ destinations, ports, protocol }: Rule): string[] {
  const protocols = protocol === 'ANY' ? ['TCP', 'UDP'] : [protocol]
  return destinations.flatMap((address) =>
    ports.flatMap(({ first }) => protocols.map((one) => `${address} ${String(first)} ${one}`)),
  )
}
