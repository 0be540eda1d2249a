import { expect } from 'vitest'
import type { Viewer } from '../../../src/access/viewer.ts'
import { lockDown } from '../../../src/commands/lock-down.ts'
import { globalId } from '../../../src/graphql/global-id.ts'
import type { Store } from '../../../src/store/store.ts'
import { protectOn, rule, user } from '../../commands/support/approvals.ts'
import { admin, group, otherGroup, protect, vmId, writeMachines } from '../../commands/support/estate.ts'
import { ask } from './ask.ts'

/** The moment that it always is in an estate of `writeGuarded`: a call and the next are made at the same time. */
export const NOW = '2026-11-25T12:00:00.123Z'

/** A moment so many seconds after that. */
export const inSeconds = (seconds: number) => new Date(Date.parse(NOW) + seconds * 1_000).toISOString()

/** The machines of the estate and a few that are none: what an ask can name. */
export const named = ['web', 'db', 'strict', 'watched', 'alone', 'locked', 'bare', 'ghost', 'six', 'vault', 'nowhere']

/** The id by which a client names a machine of the estate. */
export const idOf = (name: string) => globalId('VirtualMachine', vmId(name, name === 'vault' ? otherGroup : group))

/** A target of an ask: port 22 of a machine of the estate unless told. */
export const target = (name: string, ...ports: number[]) => ({
  virtualMachine: idOf(name),
  ports: (ports.length === 0 ? [22] : ports).map((port) => ({ port })),
})

/** Writes machines that differ in all that a request is judged by. */
export async function writeGuarded(store: Store): Promise<void> {
  await store.pool.query(`create or replace function gateway_now() returns timestamptz language sql volatile
    parallel safe as $$ select timestamptz '${NOW}' $$`)
  const sources = ['203.0.113.0/24', '198.51.100.0/24']
  await protect(store, 'web', [{ port: 22, allowedSources: sources, maximumDurationSeconds: 3_600 }])
  await protect(store, 'db', [{ port: 22 }, { port: 53, protocol: 'ANY' }, { port: 8125, protocol: 'UDP' }])
  const required = { required: true, pattern: 'INC-\\d+.*' }
  await protectOn(store, 'strict', { justificationRule: required, ticketRule: required }, [{ port: 22 }, { port: 53 }])
  await protectOn(store, 'watched', {}, [{ port: 22, approvalRule: rule(1, user('ann')) }, { port: 53 }])
  await protectOn(store, 'alone', { approvalRule: rule(1, user('rob')) })
  await protect(store, 'six', [{ port: 22 }], { addresses: ['fd00::9'] })
  await protect(store, 'vault', [{ port: 22 }], { group: otherGroup })
  await writeMachines(store, ['bare'])
  for (const name of ['ghost', 'locked']) await protect(store, name)
  await store.pool.query('update virtual_machines set gone_at = gateway_now() where id = $1', [vmId('ghost')])
  const locked = await lockDown({ store, viewer: admin }, { scope: vmId('locked'), reason: 'a drill' })
  expect(locked.userErrors).toEqual([])
}

const errors = `userErrors { code message field ... on PolicyViolation { constraint allowed asked }
  ... on NotPermitted { action } ... on LockedDown { scope reason since } ... on LimitExceeded { limit } }`
const evaluation = `query ($input: AccessEvaluationInput!) { accessEvaluation(input: $input) { state
  targets { virtualMachine { name } ports { port permitted
    permission { protocol duration approvalRule { approvalsNeeded approvers { kind id } decideWithin } past }
    constraints { constraint satisfied allowed asked message field } } ${errors} } ${errors} } }`
const request = `mutation ($input: RequestAccessInput!) { requestAccess(input: $input) {
  grants { virtualMachine { name } port protocol duration state } ${errors} } }`

/** What is asked of either, in the words of the API. */
type Asked = Readonly<Record<string, unknown>>

/** What `accessEvaluation` answers to `viewer`. */
export const evaluate = async (store: Store, viewer: Viewer, input: object) =>
  (await ask<any>(store, viewer, evaluation, { input })).accessEvaluation

/** The errors that a request would meet by an evaluation, in no order that matters. */
const errorsOf = ({ userErrors, targets }: any): string[] => [
  ...userErrors.map(text),
  ...targets.flatMap((target: any) => {
    const failed = target.ports.flatMap(({ constraints }: any) => constraints.filter((one: any) => !one.satisfied))
    const violations = failed.map(({ satisfied: _satisfied, ...one }: any) => ({ code: 'POLICY_VIOLATION', ...one }))
    // What a policy asks of every port is told once.
    return [...target.userErrors.map(text), ...new Set(violations.map(text))]
  }),
]

const text = (error: object) =>
  JSON.stringify(Object.entries(error).toSorted(([left], [right]) => (left < right ? -1 : 1)))

const grantsOf = ({ state, targets }: any, window: Asked) =>
  targets.flatMap(({ virtualMachine, ports }: any) =>
    ports.flatMap(({ port, permitted, permission }: any) => {
      expect(permitted).toBe(permission !== null)
      if (!permitted) return []
      const { protocol, duration } = permission
      return [{ virtualMachine, port, protocol, duration: window.endsAt ? null : duration, state }]
    }),
  )

/**
 * Evaluates what is asked, asks for it, and compares: the same ports are granted, in the same state, and all else is
 * refused for the same. Answers the evaluation.
 */
export async function compare(store: Store, viewer: Viewer, input: Asked) {
  const evaluated = await evaluate(store, viewer, input)
  const { requestAccess: requested } = await ask<any>(store, viewer, request, { input })
  expect(errorsOf(evaluated).toSorted()).toEqual(requested.userErrors.map(text).toSorted())
  expect(grantsOf(evaluated, input)).toEqual(requested.grants)
  expect(evaluated.state === null).toBe(requested.grants.length === 0)
  return evaluated
}
