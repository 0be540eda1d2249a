import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  approverKinds,
  isApprover,
  readApproval,
  type ApprovalInput,
  type Approver,
} from '../../src/access/approval.ts'
import { approverOf, isApproved, type Decision, type Need } from '../../src/access/decide.ts'
import type { Viewer } from '../../src/access/viewer.ts'

const told = (input: ApprovalInput) =>
  readApproval(input, ['approvalRule']).userErrors.map(({ code, field }) => `${code} ${field.slice(1).join('.')}`)
const user = (id: string): Approver => ({ kind: 'USER', id })
const vmId = '/subscriptions/s/resourcegroups/g/providers/microsoft.compute/virtualmachines/vm'

describe('A rule of approval', () => {
  it('asks whoever may decide by a role, within a day, when it does not say', () => {
    expect(readApproval({ approvalsNeeded: 1 }, [])).toEqual({
      rule: { approvalsNeeded: 1, approvers: [{ kind: 'ROLE', id: null }], decideWithinSeconds: 86_400 },
      userErrors: [],
    })
  })

  it('needs from none to ten approvals, within five minutes to seven days', () => {
    for (const approvalsNeeded of [0, 1, 10]) expect(told({ approvalsNeeded })).toEqual([])
    for (const approvalsNeeded of [-1, 11, 1.5])
      expect(told({ approvalsNeeded })).toEqual(['INVALID_INPUT approvalsNeeded'])
    for (const decideWithinSeconds of [300, 604_800])
      expect(told({ approvalsNeeded: 1, decideWithinSeconds })).toEqual([])
    for (const decideWithinSeconds of [299, 604_801])
      expect(told({ approvalsNeeded: 1, decideWithinSeconds })).toEqual(['INVALID_INPUT decideWithinSeconds'])
  })

  it('names at most fifty approvers, each once, with an id unless they are all of a role', () => {
    const approvers = (...all: Approver[]) => told({ approvalsNeeded: 1, approvers: all })
    expect(approvers(...Array.from({ length: 50 }, (_, n) => user(`u${n}`)))).toEqual([])
    expect(approvers(...Array.from({ length: 51 }, (_, n) => user(`u${n}`)))).toEqual(['LIMIT_EXCEEDED approvers'])
    expect(approvers(user('a'), { kind: 'GROUP', id: 'a' }, user('a'))).toEqual(['INVALID_INPUT approvers.2'])
    expect(
      approvers(user(''), { kind: 'GROUP', id: null }, user('x'.repeat(257)), { kind: 'ROLE', id: 'READER' }),
    ).toEqual([0, 1, 2, 3].map((n) => `INVALID_INPUT approvers.${n}`))
  })

  it('names enough approvers for the approvals it needs', () => {
    expect(told({ approvalsNeeded: 2, approvers: [user('a')] })).toEqual(['INVALID_INPUT approvers'])
    expect(told({ approvalsNeeded: 1, approvers: [] })).toEqual(['INVALID_INPUT approvers'])
    expect(told({ approvalsNeeded: 2, approvers: [user('a'), { kind: 'GROUP', id: 'g' }] })).toEqual([])
    expect(told({ approvalsNeeded: 0, approvers: [] })).toEqual([])
  })
})

const ids = ['ann', 'bob', 'cas'] as const
const approver: fc.Arbitrary<Approver> = fc
  .record({ kind: fc.constantFrom(...approverKinds), id: fc.constantFrom(...ids) })
  .map(({ kind, id }) => ({ kind, id: kind === 'ROLE' ? null : id }))
const viewer: fc.Arbitrary<Viewer> = fc.record({
  actor: fc.constantFrom(...ids).map((id) => ({ kind: 'PERSON' as const, id, name: id })),
  groups: fc.subarray([...ids]),
  appRoles: fc.subarray([...ids]),
  rolesHeld: fc.subarray([
    { role: 'POLICY_ADMIN' as const, scope: '/subscriptions/s/resourcegroups/g' },
    { role: 'READER' as const, scope: '/' },
    { role: 'POLICY_ADMIN' as const, scope: '/subscriptions/s/resourcegroups/other' },
  ]),
  address: fc.constant(null),
})
const needs: fc.Arbitrary<Need[]> = fc
  .array(
    fc.option(
      fc.record({ approvers: fc.array(approver, { maxLength: 3 }), approvalsNeeded: fc.integer({ min: 1, max: 3 }) }),
    ),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  .map((rules) =>
    rules.map((rule, n) => ({
      grantId: `g${n}`,
      vmId,
      rule: rule === null ? null : { ...rule, decideWithinSeconds: 3_600 },
    })),
  )

describe('Whoever approves', () => {
  it('is named, in a group, has an app role, or has a role at the machine that allows it, and did not ask', () => {
    fc.assert(
      fc.property(viewer, needs, fc.constantFrom(...ids), (who, all, requesterId) => {
        const expected = all.filter(
          ({ rule }) =>
            who.actor.id !== requesterId &&
            rule?.approvers.some(
              ({ kind, id }) =>
                (kind === 'USER' && id === who.actor.id) ||
                (kind === 'GROUP' && who.groups.includes(String(id))) ||
                (kind === 'APP_ROLE' && who.appRoles.includes(String(id))) ||
                (kind === 'ROLE' &&
                  who.rolesHeld.some(({ role, scope }) => role === 'POLICY_ADMIN' && vmId.startsWith(`${scope}/`))),
            ),
        )
        expect(approverOf(who, requesterId, all)).toEqual(expected.map(({ grantId }) => grantId))
      }),
    )
  })

  it('is nobody where nobody is named', () => {
    fc.assert(fc.property(viewer, (who) => !isApprover(who, [], vmId)))
  })
})

describe('A request is approved', () => {
  it('when each grant has the approvals of as many different approvers as it needs', () => {
    const decisions = fc.array(
      fc.record({
        actorId: fc.constantFrom(...ids),
        verdict: fc.constantFrom('APPROVED' as const, 'DENIED' as const),
        grantIds: fc.subarray(['g0', 'g1', 'g2']),
      }),
      { maxLength: 6 },
    )
    let approved = 0
    fc.assert(
      fc.property(needs, decisions, (all, said: readonly Decision[]) => {
        const enough = all.every(({ grantId, rule }) => {
          const who = ids.filter((id) =>
            said.some((one) => one.actorId === id && one.verdict === 'APPROVED' && one.grantIds.includes(grantId)),
          )
          return who.length >= (rule?.approvalsNeeded ?? 0)
        })
        approved += Number(enough)
        expect(isApproved(all, said)).toBe(enough)
      }),
      { numRuns: 500 },
    )
    expect(approved).toBeGreaterThan(20)
  })
})
