import { ArmError, type Answer } from '../answer.ts'
import type { Change } from '../commit.ts'
import { resourceIdOf, type ArmRequest } from '../request.ts'
import type { SecurityGroup } from '../resource.ts'
import { asyncHeaders, callOf, checkEtag, deleteHeaders, type WriteParts } from '../write.ts'
import { showGroup, writtenGroup } from './show-group.ts'
import { readGroup } from './validate-group.ts'

/** PUT of a whole group: replaces its rules and tags, makes it when there is none. */
export async function putGroup(parts: WriteParts, request: ArmRequest): Promise<Answer> {
  const id = resourceIdOf(request.target)
  const created = parts.world.group(id) === undefined
  const {
    operation,
    info,
    resource: group,
  } = await parts.committer.commit(callOf(request), (): Change<SecurityGroup> => {
    const before = parts.world.group(id) ?? null
    checkEtag(request, id, before)
    const input = readGroup(before?.id ?? id, request.body, before)
    const next = writtenGroup(id, request.target.name ?? '', input, before)
    return { resourceId: next.id, operation: 'PutNetworkSecurityGroupOperation', next }
  })
  return {
    status: created ? 201 : 200,
    headers: asyncHeaders(parts, request, operation, group),
    body: group === undefined ? {} : showGroup(group, parts.world.usersOf(id)),
    committed: info,
  }
}

/** DELETE of a group: refused while an interface or subnet uses it, 204 when there is none. */
export async function deleteGroup(parts: WriteParts, request: ArmRequest): Promise<Answer> {
  const id = resourceIdOf(request.target)
  const group = parts.world.group(id)
  if (group === undefined) return { status: 204 }
  const { operation, info } = await parts.committer.commit(callOf(request), (): Change<SecurityGroup> => {
    checkEtag(request, id, parts.world.group(id) ?? null)
    const users = parts.world.usersOf(id)
    const user = users.interfaces[0] ?? users.subnets[0]
    if (user !== undefined)
      throw new ArmError(
        400,
        'InUseNetworkSecurityGroupCannotBeDeleted',
        `Network security group ${group.id} cannot be deleted because it is in use by the following resources: ${user}. In order to delete the Network security group, remove the association with the resource(s).`,
        { details: [] },
      )
    return { resourceId: group.id, operation: 'DeleteNetworkSecurityGroupOperation', next: null }
  })
  return { status: 202, headers: deleteHeaders(parts, request, operation, group), committed: info }
}
