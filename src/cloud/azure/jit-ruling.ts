import type { JitRuling } from '../port.ts'
import { listProperty, property, textProperty } from './answer.ts'

/**
 * The built-in policy “Management ports of virtual machines should be protected with just-in-time network access
 * control”, and the parameter by which Microsoft's security benchmark initiatives set its effect (source: both
 * definitions in the repository Azure/azure-policy). Whoever turns JIT off for a scope sets that effect to Disabled.
 */
const DEFINITION = 'b0f33259-77d7-4c9e-aac6-3aabcfae693c'
const INITIATIVE_PARAMETER = 'jitNetworkAccessMonitoringEffect'

/** What an assignment of Azure Policy says of just-in-time access; null when it says nothing. */
export function readJitRuling(raw: unknown): JitRuling | null {
  const properties = property(raw, 'properties')
  const effect = effectOf(properties)
  const scope = textProperty(properties, 'scope')?.toLowerCase()
  if (effect === null || scope === undefined) return null
  return {
    id: (textProperty(raw, 'id') ?? '').toLowerCase(),
    // An assignment of a management group is listed in every subscription of the group.
    scope: scope.startsWith('/subscriptions/') ? scope : '/',
    exceptScopes: listProperty(properties, 'notScopes').map((one) => String(one).toLowerCase()),
    allowed: effect.toLowerCase() !== 'disabled',
  }
}

function effectOf(properties: unknown): string | null {
  const parameters = property(properties, 'parameters')
  const given = (name: string) => textProperty(property(parameters, name), 'value')
  const isDefinition = textProperty(properties, 'policyDefinitionId')?.toLowerCase().endsWith(`/${DEFINITION}`) ?? false
  return isDefinition ? (given('effect') ?? 'AuditIfNotExists') : given(INITIATIVE_PARAMETER)
}
