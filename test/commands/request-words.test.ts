import { beforeAll, describe, expect, it } from 'vitest'
import { requestAccess, type RequestAccessInput } from '../../src/commands/request-access.ts'
import { useDatabase } from '../support/database.ts'
import { askFor, protectOn } from './support/approvals.ts'
import { home, protect, requester, vmId } from './support/estate.ts'
import { endOfLog, factsAfter, rows, told } from './support/look.ts'

const database = useDatabase()
const ports = [{ port: 22 }]
const ask = (names: readonly string[], more: Partial<RequestAccessInput>) =>
  requestAccess(
    { store: database.store, viewer: requester },
    {
      targets: names.map((name) => ({ vmId: vmId(name), ports: [{ port: 22 }, { port: 80 }] })),
      sources: [home],
      ...more,
    },
  )

beforeAll(async () => {
  const all = [...ports, { port: 80 }]
  await protect(database.store, 'free', all)
  await protectOn(
    database.store,
    'strict',
    {
      justificationRule: { required: true, pattern: '.{10,}' },
      ticketRule: { required: true, pattern: '(OPS|INC)-\\d+' },
    },
    all,
  )
})

describe('what comes with a request', () => {
  it('is kept with it and told in the log, the ticket with its system', async () => {
    const end = await endOfLog(database.store)
    const ticket = { id: ' OPS-17 ', system: 'jira' }
    const { requestId } = await askFor(database.store, 'free', { justification: ' a new release ', ticket })
    const kept = await rows(
      database.store,
      'select justification, ticket_id, ticket_system from requests where id = $1',
      [requestId],
    )
    expect(kept).toEqual([{ justification: 'a new release', ticket_id: 'OPS-17', ticket_system: 'jira' }])
    expect((await factsAfter(database.store, end))[0]).toMatchObject({
      kind: 'AccessRequested',
      detail: {
        justification: 'a new release',
        ticket: { id: 'OPS-17', system: 'jira' },
        status: 'APPROVED',
        decideBy: null,
      },
    })
  })

  it('is what the policy asks for, and every part that is not is told once for a machine', async () => {
    const refused = await ask(['free', 'strict'], { justification: 'short', ticket: { id: 'OPS-x' } })
    expect(refused.grantIds).toHaveLength(2)
    expect(refused.userErrors).toMatchObject([
      { constraint: 'JUSTIFICATION', field: ['justification'], asked: 'short', allowed: ['.{10,}'] },
      { constraint: 'TICKET', field: ['ticket', 'id'], asked: 'OPS-x', allowed: ['(OPS|INC)-\\d+'] },
    ])
    expect(told((await ask(['strict'], {})).userErrors)).toEqual([
      'POLICY_VIOLATION at justification',
      'POLICY_VIOLATION at ticket.id',
    ])
    const met = await ask(['strict'], { justification: 'long enough', ticket: { id: 'INC-1', system: '' } })
    expect(met).toMatchObject({ userErrors: [], grantIds: [expect.any(String), expect.any(String)] })
  })

  it('has bounds of its own, whatever the policy says', async () => {
    const refusal = async (more: Partial<RequestAccessInput>) => told((await ask(['free'], more)).userErrors)
    expect(await refusal({ ticket: { id: '  ' } })).toEqual(['INVALID_INPUT at ticket.id'])
    expect(await refusal({ ticket: { id: 'x'.repeat(101) } })).toEqual(['LIMIT_EXCEEDED at ticket.id'])
    expect(await refusal({ ticket: { id: 'x', system: 'x'.repeat(101) } })).toEqual(['LIMIT_EXCEEDED at ticket.system'])
    expect(await refusal({ justification: 'x'.repeat(1_001) })).toEqual(['LIMIT_EXCEEDED at justification'])
  })
})
