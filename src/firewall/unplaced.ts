import type { LiveGrant } from './input.ts'
import { bands } from './number.ts'
import type { Opening } from './opening.ts'
import type { Placing } from './place-allows.ts'
import type { Refusal } from './refusal.ts'

/** Grants that open nothing, for want of an address family in common. */
export function withoutFamily(
  grants: readonly LiveGrant[],
  openings: readonly { readonly grants: readonly LiveGrant[] }[],
): Refusal[] {
  const opened = new Set(openings.flatMap((opening) => opening.grants.map(({ grantId }) => grantId)))
  const fault = {
    code: 'NO_ADDRESS_IN_COMMON',
    message:
      'The machine has no address here of the same family (IPv4 or IPv6) as the sources: ask with sources of the other family.',
  }
  return grants.filter(({ grantId }) => !opened.has(grantId)).map(({ grantId }) => ({ grantId, fault }))
}

/** Grants of openings for which no number was free ahead of a deny. */
export function withoutNumber(crowdedOut: readonly Opening[], placings: readonly Placing[]): Refusal[] {
  const limits = new Map(placings.map(({ name, limit }) => [name, limit]))
  const byGrant = new Map<string, Refusal>()
  for (const { name, grants } of crowdedOut) {
    const message = `The allow rule must stand at a priority below ${limits.get(name) ?? bands.allow.last + 1}, and none is free from ${bands.allow.first} on: give other rules of this boundary higher numbers, then ask again.`
    for (const { grantId } of grants) byGrant.set(grantId, { grantId, fault: { code: 'NO_FREE_PRIORITY', message } })
  }
  return [...byGrant.values()]
}
