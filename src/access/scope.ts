import type { CloudName } from './words.ts'

/**
 * A scope is a lower-cased path: `/` for everything, an account, a resource group, or the id of a resource. Azure's are
 * as Azure writes them: `/subscriptions/{id}`, `/subscriptions/{id}/resourcegroups/{name}`, and below that. AWS has
 * none, so that they are ours: `/aws/{account}`, `/aws/{account}/{region}/{vpc}`, and below that. A VPC stands for the
 * resource group: it never changes for what is in it, while a tag would let whoever may set tags move a machine into
 * another role's scope.
 */
const ACCOUNT = /^\/(?:subscriptions\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})|aws\/(\d{12}))(?=\/|$)/
const RESOURCE_GROUP =
  /^\/(?:subscriptions\/[^/]+\/resourcegroups\/[-\w.()]{1,90}|aws\/\d{12}\/[a-z]{2}(?:-[a-z]+)+-\d{1,2}\/vpc-[0-9a-f]{8,17})(?=\/|$)/
const VIRTUAL_MACHINE =
  /^\/(?:providers\/microsoft\.(?:classic)?compute\/virtualmachines\/[-\w.]{1,64}|instances\/i-[0-9a-f]{8,17})$/

/** The account id a scope lies in: an Azure subscription's GUID or an AWS account's number; null for `/` and for what is no scope. */
export function accountOf(scope: string): string | null {
  const [, subscription, number] = ACCOUNT.exec(scope) ?? []
  return subscription ?? number ?? null
}

/** The cloud that an account is in, by its id: twelve digits are AWS's, a GUID is Azure's. */
export function cloudOf(accountId: string): CloudName {
  return /^\d{12}$/.test(accountId) ? 'AWS' : 'AZURE'
}

/** The scope of a whole account. */
export function accountScope(accountId: string): string {
  return cloudOf(accountId) === 'AWS' ? `/aws/${accountId}` : `/subscriptions/${accountId}`
}

/** What the scopes of an account's resource groups begin with; the lower-cased name of the group follows. */
export function resourceGroupsIn(accountId: string): string {
  return cloudOf(accountId) === 'AWS' ? `/aws/${accountId}/` : `/subscriptions/${accountId}/resourcegroups/`
}

/** The path of the resource group a scope lies in; null when it is wider or no scope. */
export function resourceGroupOf(scope: string): string | null {
  return accountOf(scope) === null ? null : (RESOURCE_GROUP.exec(scope)?.[0] ?? null)
}

/** The id of the virtual machine that a scope is; null when it is wider or no scope. */
export function machineOf(scope: string): string | null {
  const group = resourceGroupOf(scope)
  return group !== null && isMachine(scope, group) ? scope : null
}

/** Lower-cases and checks a scope; null when the text is none of the four kinds. */
export function parseScope(text: string): string | null {
  if (text === '/') return text
  const scope = text.toLowerCase().replace(/\/$/, '')
  const account = accountOf(scope)
  if (account !== null && scope === accountScope(account)) return scope
  const group = resourceGroupOf(scope)
  return group !== null && (scope === group || isMachine(scope, group)) ? scope : null
}

/** Whether `inner` is `outer` or lies below it. */
export function scopeContains(outer: string, inner: string): boolean {
  return outer === '/' || inner === outer || inner.startsWith(`${outer}/`)
}

/** Whether what follows the group is a machine of the same cloud. */
function isMachine(scope: string, group: string): boolean {
  const rest = scope.slice(group.length)
  return VIRTUAL_MACHINE.test(rest) && rest.startsWith('/instances/') === group.startsWith('/aws/')
}
