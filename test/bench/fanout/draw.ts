import type { GrantFactKind } from '../../../src/access/fact-kinds.ts'
import type { GrantState, Protocol } from '../../../src/access/words.ts'
import { encodeCursor } from '../../../src/activity/cursor.ts'
import { globalId } from '../../../src/graphql/global-id.ts'
import type { NewFact } from '../../../src/store/append-facts.ts'
import { markOf, type FanoutEvent } from './document.ts'

const accountId = '5b1f0c3a-7a52-4c1e-9d55-2f6d1a7be001'
const resourceGroupId = `/subscriptions/${accountId}/resourcegroups/rg-shop`
const requesters = ['ada', 'ben', 'cleo', 'dora', 'emil']
const steps = [
  { kind: 'GrantOpening', name: 'GRANT_OPENING', state: 'OPENING' },
  { kind: 'GrantActivated', name: 'GRANT_ACTIVATED', state: 'ACTIVE' },
  { kind: 'GrantClosing', name: 'GRANT_CLOSING', state: 'CLOSING' },
  { kind: 'GrantClosed', name: 'GRANT_CLOSED', state: 'CLOSED' },
] as const satisfies readonly { kind: GrantFactKind; name: string; state: GrantState }[]
const ports = [22, 3_389, 5_985, 5_986]
const YEAR_MS = 365 * 86_400_000

/** A fact of a grant that is drawn, the same for the same number and seed. */
export interface DrawnFact {
  readonly step: (typeof steps)[number]
  readonly grantId: string
  readonly vmId: string
  readonly requesterId: string
  readonly port: number
  readonly protocol: Protocol
  readonly sources: readonly string[]
  readonly endsAt: string
}

export function drawFact(seed: number, sequence: number, sources: number): DrawnFact {
  const next = numbers(seed * 1_000_003 + sequence)
  const below = (bound: number) => next() % bound
  const pick = <Value>(values: readonly Value[]) => values[below(values.length)] as Value
  const hex = (length: number) => Array.from({ length }, () => below(16).toString(16)).join('')
  return {
    step: pick(steps),
    grantId: `01990000-${hex(4)}-7${hex(3)}-8${hex(3)}-${hex(12)}`,
    vmId: `${resourceGroupId}/providers/microsoft.compute/virtualmachines/vm-${String(below(900) + 100)}`,
    requesterId: pick(requesters),
    port: pick(ports),
    protocol: 'TCP',
    sources: Array.from({ length: sources }, () => `203.0.113.${String(below(156) + 100)}/32`),
    endsAt: new Date(Date.UTC(2026, 0, 1) + below(YEAR_MS / 1_000) * 1_000).toISOString(),
  }
}

/** As the product's own statements append it. */
export function factOf({ step, ...drawn }: DrawnFact, sequence: number): NewFact {
  const { grantId, vmId, requesterId, port, protocol, sources, endsAt } = drawn
  return {
    kind: step.kind,
    actor: { kind: 'PERSON', id: requesterId, name: requesterId },
    accountId,
    resourceGroupId,
    vmId,
    grantId,
    requesterId,
    correlationId: markOf(sequence),
    detail: {
      state: step.state,
      port,
      protocol,
      sources,
      endsAt,
      startsAt: null,
      refusals: [],
      endReason: null,
      fault: null,
    },
  }
}

/** As the product answers it, for servers without a log: of the same length. */
export function eventOf({ step, ...drawn }: DrawnFact, sequence: number): FanoutEvent {
  return {
    cursor: encodeCursor({
      transaction: String(1_000 + (sequence % 9_000)),
      position: String(1_000 + (sequence % 9_000)),
    }),
    kind: step.name,
    at: new Date().toISOString(),
    grantId: globalId('Grant', drawn.grantId),
    virtualMachineId: globalId('VirtualMachine', drawn.vmId),
    requesterId: drawn.requesterId,
    state: step.state,
    port: drawn.port,
    protocol: drawn.protocol,
    sources: drawn.sources,
    endsAt: drawn.endsAt,
    correlationId: markOf(sequence),
  }
}

/** Numbers of 32 bits from a seed (splitmix32). */
function numbers(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
}
