import type { ApprovalInput, Approver } from '../../../src/access/approval.ts'
import type { PortInput } from '../../../src/access/policy.ts'
import type { TermsInput } from '../../../src/access/terms.ts'
import type { Viewer } from '../../../src/access/viewer.ts'
import type { Verdict } from '../../../src/access/words.ts'
import { decideRequest } from '../../../src/commands/decide-request.ts'
import { enableJit } from '../../../src/commands/enable-jit.ts'
import { requestAccess, type RequestAccessInput } from '../../../src/commands/request-access.ts'
import type { Store } from '../../../src/store/store.ts'
import { admin, home, requester, vmId, writeMachines, person } from './estate.ts'
import { rows } from './look.ts'

export const user = (id: string): Approver => ({ kind: 'USER', id })
export const inGroup = (id: string): Approver => ({ kind: 'GROUP', id })
export const byRole: Approver = { kind: 'ROLE', id: null }

/** A rule that asks for `approvalsNeeded` of these approvers. */
export const rule = (approvalsNeeded: number, ...approvers: Approver[]): ApprovalInput => ({
  approvalsNeeded,
  approvers,
})

/** People without any role, who may be named as approvers. */
export const ann = person('ann')
export const bob = person('bob')
export const cas = person('cas')

/** Writes a machine and enables JIT on it on these terms, for port 22 unless told: the id of its policy. */
export async function protectOn(
  store: Store,
  name: string,
  terms: TermsInput,
  ports: readonly PortInput[] = [{ port: 22 }],
): Promise<string> {
  await writeMachines(store, [name])
  const { results, userErrors } = await enableJit({ store, viewer: admin }, { vmIds: [vmId(name)], ports, ...terms })
  const policyId = results[0]?.policyId
  if (policyId === null || policyId === undefined) throw new Error(JSON.stringify([results, userErrors]))
  return policyId
}

/** Asks for port 22 of machines for ten minutes unless told: the answer, of which something must have been permitted. */
export async function askFor(
  store: Store,
  names: string | readonly string[],
  more: Partial<RequestAccessInput> = {},
  viewer: Viewer = requester,
): Promise<{ readonly requestId: string; readonly grantIds: readonly string[] }> {
  const targets = [names].flat().map((name) => ({ vmId: vmId(name), ports: [{ port: 22 }] }))
  const window = more.endsAt === undefined ? { durationSeconds: 600 } : {}
  const { requestId, grantIds, userErrors } = await requestAccess(
    { store, viewer },
    { targets, sources: [home], ...window, ...more },
  )
  if (requestId === null) throw new Error(JSON.stringify(userErrors))
  return { requestId, grantIds }
}

/** Decides on a request as `viewer`. */
export const decide = (store: Store, viewer: Viewer, requestId: string, verdict: Verdict, reason?: string) =>
  decideRequest({ store, viewer }, { requestId, reason: reason ?? null }, verdict)

/** The status of a request, and the states of its grants by machine and port, with why they ended. */
export async function outcomeOf(store: Store, requestId: string): Promise<{ status: string; grants: string[] }> {
  const [found] = await rows<{ status: string; grants: string[] }>(
    store,
    `select status, array(select concat_ws(' ', g.state, g.end_reason) from grants g where g.request_id = r.id order by g.vm_id, g.port)
       as grants from requests r where id = $1`,
    [requestId],
  )
  if (found === undefined) throw new Error(`there is no request ${requestId}`)
  return found
}

/** The kinds of the facts about a request and its grants, in their order. */
export async function storyOfRequest(store: Store, requestId: string): Promise<string[]> {
  const facts = await rows<{ kind: string }>(
    store,
    'select kind from activities where request_id = $1 order by position',
    [requestId],
  )
  return facts.map(({ kind }) => kind)
}

/** For whom a request waits, as `kind id`, each once. */
export async function awaitedFor(store: Store, requestId: string): Promise<string[]> {
  const found = await rows<{ who: string }>(
    store,
    `select distinct concat_ws(' ', approver_kind, nullif(approver_id, '')) as who from awaited_approvals
     where request_id = $1 order by 1`,
    [requestId],
  )
  return found.map(({ who }) => who)
}
