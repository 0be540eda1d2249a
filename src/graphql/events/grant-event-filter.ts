import { scopeContains } from '../../access/scope.ts'
import { builder } from '../builder.ts'
import { readIds, readScope } from '../ids.ts'
import { GrantEventKind } from './grant-event-kind.ts'
import type { GrantFact } from './grant-fact.ts'

/** Which events were asked for. It says nothing of whether the viewer may see them. */
export interface GrantEventFilter {
  readonly wants: (fact: GrantFact) => boolean
  /** Only those about grants that the viewer asked for. */
  readonly mine: boolean
}

export const GrantEventFilterInput = builder.inputType('GrantEventFilter', {
  description: 'Narrows events: every part that is given must hold. An empty list holds for no event.',
  fields: (t) => ({
    kinds: t.field({ type: [GrantEventKind], description: 'Of any of these kinds.' }),
    virtualMachines: t.idList({ description: 'About grants to any of these machines: at most 100.' }),
    grants: t.idList({ description: 'About any of these grants: at most 100.' }),
    requesterIds: t.stringList({ description: 'About grants that any of these actors asked for, by `Actor.id`.' }),
    mine: t.boolean({ description: 'True: only about grants that the viewer asked for.' }),
    scope: t.string({
      description:
        'At or below this scope: `/`, `/subscriptions/{id}` or `/aws/{account}`, a resource group or a VPC of it, or the ' +
        'resource id of a machine.',
    }),
  }),
})

/** A filter as a client gives it; what is null or absent does not narrow. */
type Asked = typeof GrantEventFilterInput.$inferInput

/** Reads a filter; refuses, as bad input, ids and scopes that cannot be. */
export function readGrantEventFilter(asked: Asked): GrantEventFilter {
  const parts: GrantEventFilter['wants'][] = []
  const among = <Value>(values: readonly Value[] | null | undefined, of: (fact: GrantFact) => Value) => {
    if (values === null || values === undefined) return
    const wanted = new Set(values)
    parts.push((fact) => wanted.has(of(fact)))
  }
  among(asked.kinds, (fact) => fact.kind)
  among(asked.virtualMachines && readIds('VirtualMachine')(asked.virtualMachines), (fact) => fact.vmId)
  among(asked.grants && readIds('Grant')(asked.grants), (fact) => fact.grantId)
  among(asked.requesterIds, (fact) => fact.requesterId)
  if (typeof asked.scope === 'string') {
    const scope = readScope(asked.scope)
    parts.push((fact) => scopeContains(scope, fact.vmId))
  }
  return { wants: (fact) => parts.every((holds) => holds(fact)), mine: asked.mine === true }
}
