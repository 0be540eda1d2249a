import { resourceNotFound, type Answer } from '../answer.ts'
import type { Change } from '../commit.ts'
import { resourceIdOf, type ArmRequest } from '../request.ts'
import type { AzureFirewall } from '../resource.ts'
import { asyncHeaders, callOf, checkEtag, type WriteParts } from '../write.ts'
import { showFirewall, writtenFirewall } from './show-firewall.ts'
import { readFirewall } from './validate-firewall.ts'

/** PUT of a whole firewall that is there: replaces its rule collections and tags. None is made: that takes a network. */
export async function putFirewall(parts: WriteParts, request: ArmRequest): Promise<Answer> {
  const { target } = request
  const id = resourceIdOf(target)
  const { operation, info, resource } = await parts.committer.commit(callOf(request), (): Change<AzureFirewall> => {
    const before = parts.world.firewall(id) ?? null
    checkEtag(request, id, before)
    if (before === null) throw resourceNotFound(target.type ?? '', target.name ?? '', target.resourceGroup ?? '')
    const next = writtenFirewall(readFirewall(parts.world, before, request.body), before)
    return { resourceId: next.id, operation: 'PutAzureFirewallOperation', next }
  })
  return {
    status: 200,
    headers: asyncHeaders(parts, request, operation, resource),
    body: resource === undefined ? {} : showFirewall(resource),
    committed: info,
  }
}
