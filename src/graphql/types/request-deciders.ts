import { actions } from '../../access/role.ts'
import type { Parameters } from '../read/description.ts'
import { placeOf, viewerAppRoles, viewerGroups, viewerId, within } from '../read/parameters.ts'

/** The predicate that a row of `awaited_approvals` waits for the viewer, by the roles and groups held now. */
export function awaitsViewer(row: string, parameters: Parameters): string {
  const id = viewerId(parameters)
  const named = (kind: string, holds: string) => `(${row}.approver_kind = '${kind}' and ${holds})`
  return `(${row}.requester_id <> ${id} and (${[
    named('USER', `${row}.approver_id = ${id}`),
    named('GROUP', `${row}.approver_id = any(${viewerGroups(parameters)})`),
    named('APP_ROLE', `${row}.approver_id = any(${viewerAppRoles(parameters)})`),
    named('ROLE', within(parameters, actions.approveRequest, placeOf(row))),
  ].join(' or ')}))`
}

/** The ids of requests that wait for the viewer, as a query: only what waits is looked at. */
export function awaitedByViewer(parameters: Parameters): string {
  const a = parameters.alias()
  return `select ${a}.request_id from awaited_approvals ${a} where ${awaitsViewer(a, parameters)}`
}

/** The ids of requests that the viewer decided on, as a query. */
export function decidedByViewer(parameters: Parameters): string {
  const d = parameters.alias()
  return `select ${d}.request_id from request_decisions ${d} where ${d}.actor_id = ${viewerId(parameters)}`
}

/** The predicate that a request waits for a decision of the viewer, who has not decided on it yet. */
export function awaitsDecision(request: string, parameters: Parameters): string {
  return `(${request}.status = 'PENDING_APPROVAL' and ${request}.id in (${awaitedByViewer(parameters)})
    and ${request}.id not in (${decidedByViewer(parameters)}))`
}

/** How many approved a grant. */
export function approvalsGiven(grant: string): string {
  return `(select count(*) from request_decisions d where d.request_id = ${grant}.request_id
    and d.verdict = 'APPROVED' and ${grant}.id = any(d.grant_ids))::int`
}
