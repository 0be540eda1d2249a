import { describe, expect, it } from 'vitest'
import { enableJit, type EnableJitInput } from '../../src/commands/enable-jit.ts'
import { updatePolicy, type UpdatePolicyInput } from '../../src/commands/update-policy.ts'
import { useDatabase } from '../support/database.ts'
import { protectOn, rule, user } from './support/approvals.ts'
import { admin, protect, vmId, writeMachines } from './support/estate.ts'
import { endOfLog, everything, factsAfter, rows, told } from './support/look.ts'

const database = useDatabase()
const update = (input: UpdatePolicyInput) => updatePolicy({ store: database.store, viewer: admin }, input)
const enable = (name: string, more: Partial<EnableJitInput>) =>
  enableJit({ store: database.store, viewer: admin }, { vmIds: [vmId(name)], ports: [{ port: 22 }], ...more })
const tcp = (port: number) => ({ port, protocol: 'TCP' }) as const

const stored = (...approvers: string[]) => ({
  approvalsNeeded: 1,
  approvers: approvers.map(user),
  decideWithinSeconds: 86_400,
})

async function termsOf(id: string) {
  const [terms] = await rows<object>(
    database.store,
    `select version, approval, justification_required, justification_pattern, ticket_required, ticket_pattern,
       notice_seconds, array(select q.port || ' ' || q.maximum_duration_seconds || coalesce(' ' || (q.approval->>'approvalsNeeded'), '')
         from policy_ports q where q.policy_id = p.id order by q.port) as ports from policies p where id = $1`,
    [id],
  )
  return terms
}

describe('a policy', () => {
  it('asks for nothing when it does not say', async () => {
    expect(await termsOf(await protect(database.store, 'plain'))).toEqual({
      version: 1,
      approval: null,
      justification_required: false,
      justification_pattern: null,
      ticket_required: false,
      ticket_pattern: null,
      notice_seconds: null,
      ports: ['22 10800'],
    })
  })

  it('asks from its beginning for what it was made with, and the log says so', async () => {
    const end = await endOfLog(database.store)
    const terms = {
      approvalRule: rule(1, user('ann')),
      justificationRule: { required: true },
      ticketRule: { required: false, pattern: 'OPS-\\d+' },
      noticeRule: { beforeEndSeconds: 600 },
    }
    const id = await protectOn(database.store, 'strict', terms, [
      { port: 22, approvalRule: rule(2, user('ann'), user('bob')) },
    ])
    expect(await termsOf(id)).toMatchObject({
      approval: stored('ann'),
      justification_required: true,
      ticket_pattern: 'OPS-\\d+',
      notice_seconds: 600,
      ports: ['22 10800 2'],
    })
    expect(await factsAfter(database.store, end)).toMatchObject([
      {
        kind: 'PolicyCreated',
        detail: {
          approval: stored('ann'),
          justification: { required: true, pattern: null },
          ticket: { required: false, pattern: 'OPS-\\d+' },
          noticeSeconds: 600,
          ports: [{ port: 22, approval: { approvalsNeeded: 2 } }],
        },
      },
    ])
  })

  it('is changed in what is named, and left alone in the rest', async () => {
    const terms = {
      approvalRule: rule(1, user('ann')),
      justificationRule: { required: true },
      noticeRule: { beforeEndSeconds: 900 },
    }
    const id = await protectOn(database.store, 'edited', terms, [
      { port: 22, maximumDurationSeconds: 600 },
      { port: 80, approvalRule: rule(1, user('bob')) },
    ])
    await update({ policyIds: [id], ticketRule: { required: true } })
    expect(await termsOf(id)).toMatchObject({
      version: 2,
      notice_seconds: 900,
      approval: stored('ann'),
      justification_required: true,
      ticket_required: true,
      ports: ['22 600', '80 10800 1'],
    })
    await update({
      policyIds: [id],
      setPortApprovals: [{ ...tcp(22), approvalRule: rule(2, user('ann'), user('bob')) }, tcp(80)],
    })
    expect(await termsOf(id)).toMatchObject({ version: 3, ports: ['22 600 2', '80 10800'] })
    // Who approves a port is not lost with a change of something else.
    await update({ policyIds: [id], setPorts: [{ port: 22, maximumDurationSeconds: 900 }] })
    expect(await termsOf(id)).toMatchObject({ approval: stored('ann'), ports: ['22 900 2', '80 10800'] })
    const end = await endOfLog(database.store)
    await update({
      policyIds: [id],
      approvalRule: { approvalsNeeded: 0 },
      justificationRule: { required: false },
      noticeRule: {},
    })
    expect(await termsOf(id)).toMatchObject({
      version: 5,
      notice_seconds: null,
      approval: null,
      justification_required: false,
      ticket_required: true,
    })
    expect(await factsAfter(database.store, end)).toMatchObject([
      {
        kind: 'PolicyUpdated',
        detail: { version: 5, approval: null, ports: [{ approval: { approvalsNeeded: 2 } }, { approval: null }] },
      },
    ])
  })

  it('takes no rule that could not be, and nothing is written', async () => {
    await writeMachines(database.store, ['bare'])
    const id = await protect(database.store, 'kept')
    const before = await everything(database.store)
    const faults: [Partial<EnableJitInput>, string[]][] = [
      [{ approvalRule: rule(3, user('ann')) }, ['INVALID_INPUT at approvalRule.approvers']],
      [{ justificationRule: { required: true, pattern: '(a' } }, ['INVALID_INPUT at justificationRule.pattern']],
      [{ ticketRule: { required: true, pattern: '(a)\\1' } }, ['INVALID_INPUT at ticketRule.pattern']],
      [{ noticeRule: { beforeEndSeconds: -1 } }, ['INVALID_INPUT at noticeRule.beforeEnd']],
      [{ noticeRule: { beforeEndSeconds: 3_601 } }, ['INVALID_INPUT at noticeRule.beforeEnd']],
      [
        { ports: [{ port: 22, approvalRule: { approvalsNeeded: 11 } }] },
        ['INVALID_INPUT at ports.0.approvalRule.approvalsNeeded'],
      ],
    ]
    for (const [input, errors] of faults) expect(told((await enable('bare', input)).userErrors)).toEqual(errors)
    const changes: [Partial<UpdatePolicyInput>, string[]][] = [
      [{ approvalRule: rule(3, user('ann')) }, ['INVALID_INPUT at approvalRule.approvers']],
      [{ setPortApprovals: [tcp(22), tcp(22)] }, ['INVALID_INPUT at setPortApprovals.1']],
      [{ setPorts: [{ port: 22 }], setPortApprovals: [tcp(22)] }, ['INVALID_INPUT at setPortApprovals.0']],
      [{}, ['INVALID_INPUT']],
    ]
    for (const [input, errors] of changes)
      expect(told((await update({ policyIds: [id], ...input })).userErrors)).toEqual(errors)
    const { results } = await update({ policyIds: [id], setPortApprovals: [tcp(80)] })
    expect(told(results[0]?.userErrors ?? [])).toEqual(['CONFLICT at setPortApprovals.0'])
    expect(await everything(database.store)).toEqual(before)
  })
})
