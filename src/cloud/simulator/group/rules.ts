import { childNotFound, resourceNotFound, type Answer } from '../answer.ts'
import { resourceIdOf, type ArmRequest } from '../request.ts'
import { newEtag, type SecurityGroup, type SecurityRule } from '../resource.ts'
import type { Change } from '../commit.ts'
import { asyncHeaders, callOf, checkEtag, deleteHeaders, type WriteParts } from '../write.ts'
import { showRule, writtenRule } from './show-group.ts'
import { checkRules } from './validate-group.ts'
import { readRule } from './validate-rule.ts'

/** GET of one rule. */
export function getRule(parts: WriteParts, request: ArmRequest): Answer {
  const group = groupOf(parts, request)
  const rule = findRule(group, request)
  if (rule === undefined) throw childNotFound(request.target.path)
  return { status: 200, headers: { ETag: group.etag ?? '' }, body: showRule(group, rule) }
}

/** PUT of one rule: the other rules stay. */
export async function putRule(parts: WriteParts, request: ArmRequest): Promise<Answer> {
  const created = findRule(groupOf(parts, request), request) === undefined
  const {
    operation,
    info,
    resource: group,
  } = await parts.committer.commit(callOf(request), (): Change<SecurityGroup> => {
    const now = groupOf(parts, request)
    checkEtag(request, now.id, now)
    const body = typeof request.body === 'object' ? request.body : {}
    const input = readRule(now.id, { ...body, name: request.target.childName })
    const base = parts.committer.baseOf(now)
    const place = base.properties.securityRules.findIndex((rule) => isNamed(rule, input.name))
    const rule = writtenRule(now.id, input)
    const rules = place < 0 ? [...base.properties.securityRules, rule] : base.properties.securityRules.with(place, rule)
    checkRules(now.id, rules)
    return { resourceId: now.id, operation: 'PutSecurityRuleOperation', next: withRules(base, rules) }
  })
  const rule = group === undefined ? undefined : findRule(group, request)
  return {
    status: created ? 201 : 200,
    headers: asyncHeaders(parts, request, operation, group),
    body: group === undefined || rule === undefined ? {} : showRule(group, rule),
    committed: info,
  }
}

/** DELETE of one rule; 204 when there is none. */
export async function deleteRule(parts: WriteParts, request: ArmRequest): Promise<Answer> {
  const group = groupOf(parts, request)
  if (findRule(group, request) === undefined) return { status: 204 }
  const { operation, info } = await parts.committer.commit(callOf(request), (): Change<SecurityGroup> => {
    const now = groupOf(parts, request)
    checkEtag(request, now.id, now)
    const base = parts.committer.baseOf(now)
    const rules = base.properties.securityRules.filter((rule) => !isNamed(rule, request.target.childName ?? ''))
    return { resourceId: now.id, operation: 'DeleteSecurityRuleOperation', next: withRules(base, rules) }
  })
  return { status: 202, headers: deleteHeaders(parts, request, operation, group), committed: info }
}

function groupOf({ world }: WriteParts, { target }: ArmRequest): SecurityGroup {
  const group = world.group(resourceIdOf(target))
  if (group === undefined) throw resourceNotFound(target.type ?? '', target.name ?? '', target.resourceGroup ?? '')
  return group
}

function findRule(group: SecurityGroup, { target }: ArmRequest): SecurityRule | undefined {
  return group.properties.securityRules.find((rule) => isNamed(rule, target.childName ?? ''))
}

function isNamed(rule: SecurityRule, name: string): boolean {
  return rule.name.toLowerCase() === name.toLowerCase()
}

function withRules(group: SecurityGroup, securityRules: SecurityRule[]): SecurityGroup {
  return {
    ...group,
    etag: newEtag(),
    properties: { ...group.properties, provisioningState: 'Updating', securityRules },
  }
}
