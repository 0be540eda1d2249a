import type { BoundaryFacts } from './input.ts'

/**
 * The facts of a boundary that is written now: whatever it would have to let go of before the write after this one could
 * begin, it lets go of with this one. Otherwise that would have to wait, and be late.
 */
export function lettingGo<Facts extends BoundaryFacts>(facts: Facts): Facts {
  const { grants, ended } = facts
  const going = grants.filter(({ leavesSoon }) => leavesSoon === true)
  if (going.length === 0) return facts
  return {
    ...facts,
    grants: grants.filter(({ leavesSoon }) => leavesSoon !== true),
    ended: [
      ...ended,
      ...going.map(({ grantId, vmId, addresses, port, protocol, sources, windowEndsAt = null }) => ({
        grantId,
        vmId,
        addresses,
        port,
        protocol,
        sources,
        closing: false,
        leaving: windowEndsAt,
      })),
    ],
  }
}
