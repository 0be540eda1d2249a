import type { BoundaryFacts, LiveGrant } from './input.ts'

/**
 * The facts of a boundary that is written now: whatever it would have to let go of before the write after this one could
 * begin, it lets go of with this one. Otherwise that would have to wait, and be late.
 */
export function lettingGo<Facts extends BoundaryFacts>(facts: Facts): Facts {
  const going = facts.grants.filter(({ leavesSoon }) => leavesSoon === true)
  return withoutGrants(facts, new Set(going.map(({ grantId }) => grantId)), ({ windowEndsAt = null }) => windowEndsAt)
}

/** The facts without some of the live grants, which the boundary is to admit no more; `leaving` says ahead of which end. */
export function withoutGrants<Facts extends BoundaryFacts>(
  facts: Facts,
  grantIds: ReadonlySet<string>,
  leaving: (grant: LiveGrant) => string | null,
): Facts {
  if (grantIds.size === 0) return facts
  const [going, staying] = [true, false].map((goes) => facts.grants.filter((one) => grantIds.has(one.grantId) === goes))
  return {
    ...facts,
    grants: staying ?? [],
    ended: [
      ...facts.ended,
      ...(going ?? []).map((grant) => {
        const { grantId, vmId, addresses, port, protocol, sources } = grant
        return { grantId, vmId, addresses, port, protocol, sources, closing: false, leaving: leaving(grant) }
      }),
    ],
  }
}
