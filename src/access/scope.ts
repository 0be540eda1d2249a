/**
 * A scope is a lower-cased path as the cloud writes it: `/` for everything, `/subscriptions/{id}` for an account,
 * `/subscriptions/{id}/resourcegroups/{name}`, or the id of a resource.
 */
const ACCOUNT = /^\/subscriptions\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=\/|$)/
const RESOURCE_GROUP = /^\/subscriptions\/[^/]+\/resourcegroups\/[-\w.()]{1,90}(?=\/|$)/
const VIRTUAL_MACHINE = /^\/providers\/microsoft\.(?:classic)?compute\/virtualmachines\/[-\w.]{1,64}$/

/** The account id (subscription guid) a scope lies in; null for `/` and for what is no scope. */
export function accountOf(scope: string): string | null {
  return ACCOUNT.exec(scope)?.[1] ?? null
}

/** The path of the resource group a scope lies in; null when it is wider or no scope. */
export function resourceGroupOf(scope: string): string | null {
  return accountOf(scope) === null ? null : (RESOURCE_GROUP.exec(scope)?.[0] ?? null)
}

/** Lower-cases and checks a scope; null when the text is none of the four kinds. */
export function parseScope(text: string): string | null {
  if (text === '/') return text
  const scope = text.toLowerCase().replace(/\/$/, '')
  const account = accountOf(scope)
  if (account !== null && scope === `/subscriptions/${account}`) return scope
  const group = resourceGroupOf(scope)
  return group !== null && (scope === group || VIRTUAL_MACHINE.test(scope.slice(group.length))) ? scope : null
}

/** Whether `inner` is `outer` or lies below it. */
export function scopeContains(outer: string, inner: string): boolean {
  return outer === '/' || inner === outer || inner.startsWith(`${outer}/`)
}
