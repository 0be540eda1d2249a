/**
 * The actions that a refusal of Azure's names as not permitted. It says "does not have authorization to perform action
 * 'X' over scope 'S'"; of a resource that refers to others it first says which action is permitted, then "does not have
 * permission to perform action(s) 'Y,Z' on the linked scope(s)". (Source: Azure's "troubleshoot Azure RBAC", errors
 * AuthorizationFailed and LinkedAuthorizationFailed.)
 */
export function missingActions(message: string): readonly string[] {
  const named = message.matchAll(/not have (?:authorization|permission) to perform action(?:\(s\))? '([^']+)'/gi)
  const actions = [...named].flatMap(([, list = '']) => list.split(',').map((action) => action.trim()))
  return [...new Set(actions.filter((action) => action !== ''))]
}
