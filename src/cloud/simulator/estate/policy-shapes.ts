import { policyAssignmentType, type Resource } from '../resource.ts'

/** The built-in policy that asks for just-in-time access. */
const JIT_POLICY = '/providers/Microsoft.Authorization/policyDefinitions/b0f33259-77d7-4c9e-aac6-3aabcfae693c'

/** An assignment of the policy that asks for just-in-time access, at a scope below a subscription or at one. */
export function jitPolicyAssignment(
  scope: string,
  shape: { readonly effect: 'AuditIfNotExists' | 'Disabled'; readonly notScopes?: readonly string[] },
): Resource {
  const name = `jit-${shape.effect.toLowerCase()}`
  return {
    id: `${scope}/providers/${policyAssignmentType}/${name}`,
    name,
    type: policyAssignmentType,
    properties: {
      displayName: 'Management ports of virtual machines should be protected with just-in-time network access control',
      policyDefinitionId: JIT_POLICY,
      scope,
      notScopes: [...(shape.notScopes ?? [])],
      parameters: { effect: { value: shape.effect } },
      enforcementMode: 'Default',
    },
  }
}
