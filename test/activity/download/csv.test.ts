import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { factKinds } from '../../../src/access/fact-kinds.ts'
import type { RequestSnapshot } from '../../../src/access/facts.ts'
import type { Activity } from '../../../src/activity/activity.ts'
import { columns } from '../../../src/activity/download/columns.ts'
import { csvHeader, csvLine } from '../../../src/activity/download/csv.ts'
import { jsonLine } from '../../../src/activity/download/json-lines.ts'
import { encodeCursor } from '../../../src/activity/cursor.ts'
import { readCsv } from './support/read-csv.ts'

const group = '/subscriptions/a1b2c3d4-0000-4000-8000-000000000001/resourcegroups/shop'
const opening: Activity = {
  cursor: { transaction: '700', position: '12' },
  at: '2026-11-25T11:31:55.123Z',
  kind: 'GrantOpening',
  actor: { kind: 'PERSON', id: 'rob-id', name: 'Rob' },
  accountId: 'a1b2c3d4-0000-4000-8000-000000000001',
  resourceGroupId: group,
  vmId: `${group}/providers/microsoft.compute/virtualmachines/web`,
  boundaryId: null,
  policyId: null,
  requestId: '0199a1b2-0000-7000-8000-000000000001',
  grantId: '0199a1b2-0000-7000-8000-000000000002',
  requesterId: 'rob-id',
  correlationId: null,
  detail: {
    state: 'OPENING',
    port: 22,
    protocol: 'TCP',
    sources: ['203.0.113.7/32', '2001:db8::/32'],
    endsAt: '2026-11-25T12:31:55.123Z',
    startsAt: null,
    endReason: null,
    fault: null,
    refusals: [],
  },
}

const request: RequestSnapshot = {
  status: 'PENDING_APPROVAL',
  justification: 'deploy',
  ticket: null,
  grants: 1,
  startsAt: null,
  decideBy: null,
  vmIds: [`${group}/providers/microsoft.compute/virtualmachines/web`],
  awaited: [],
  deciders: [],
  verdict: null,
  reason: null,
  counted: true,
}

/** A fact under the names of the columns. */
function cells(activity: Activity): Record<string, string> {
  const [header, row, ...more] = readCsv(csvHeader + csvLine(activity))
  expect(more).toEqual([])
  expect(row).toHaveLength(header?.length ?? 0)
  return Object.fromEntries((header ?? []).map((name, place) => [name, row?.[place] ?? '']))
}

describe('the columns', () => {
  it("begin with those of the portal's download, by its names and in its order", () => {
    expect(csvHeader).toMatch(
      /^Correlation id,Operation name,Status,Event category,Level,Time,Subscription,Event initiated by,Resource type,Resource group,Resource,Justification,Source,Port,Expires,Approver,Grant id,/,
    )
    expect(csvHeader).toMatch(/,Cursor\r\n$/)
  })

  it('tell of a grant what a reader of the portal looks for', () => {
    expect(cells(opening)).toMatchObject({
      'Correlation id': '',
      'Operation name': 'Grant opening',
      Status: 'Started',
      'Event category': 'Administrative',
      Level: 'Informational',
      Time: '2026-11-25T11:31:55.123Z',
      Subscription: 'a1b2c3d4-0000-4000-8000-000000000001',
      'Event initiated by': 'Rob',
      'Resource type': 'Microsoft.Compute/virtualMachines',
      'Resource group': 'shop',
      Resource: opening.vmId,
      Source: '203.0.113.7/32; 2001:db8::/32',
      Port: '22',
      Expires: '2026-11-25T12:31:55.123Z',
      'Grant id': opening.grantId,
      Kind: 'GrantOpening',
      Cursor: encodeCursor(opening.cursor),
    })
  })

  it("call by Azure's own names what its log has, with the cloud's correlation id", () => {
    const boundary = `${group}/providers/microsoft.network/networksecuritygroups/front`
    const written = {
      ...opening,
      kind: 'BoundaryWriteFailed' as const,
      vmId: null,
      boundaryId: boundary,
      correlationId: 'c0ffee',
      detail: { fault: { code: 'AuthorizationFailed', message: 'no' }, attempts: 1 },
    }
    expect(cells(written)).toMatchObject({
      'Correlation id': 'c0ffee',
      'Operation name': 'Create or Update Network Security Group',
      Status: 'Failed',
      Level: 'Error',
      'Resource type': 'Microsoft.Network/networkSecurityGroups',
      Resource: boundary,
      Detail: JSON.stringify(written.detail),
    })
    const asked = { ...opening, kind: 'AccessRequested' as const, detail: request }
    expect(cells(asked)).toMatchObject({
      'Operation name': 'Initiate JIT Network Access Policy',
      Status: 'Started',
      Justification: 'deploy',
      Approver: '',
    })
  })

  it('call by no name of Azure what is no security group, and name whoever decided', () => {
    const boundaryId = `${group}/providers/microsoft.network/azurefirewalls/edge`
    const written = { ...opening, kind: 'BoundaryWritten' as const, vmId: null, boundaryId }
    expect(cells(written)).toMatchObject({
      'Operation name': 'Boundary written',
      Status: 'Succeeded',
      'Resource type': 'Microsoft.Network/azureFirewalls',
    })
    const decided = { ...opening, actor: { kind: 'PERSON' as const, id: 'olga-id', name: 'Olga' }, detail: request }
    for (const kind of ['ApprovalDecided', 'RequestApproved', 'RequestDenied'] as const)
      expect(cells({ ...decided, kind })).toMatchObject({ Approver: 'Olga' })
    expect(cells({ ...decided, kind: 'RequestDenied' })).toMatchObject({ Status: 'Failed' })
    expect(cells({ ...decided, kind: 'RequestLapsed' })).toMatchObject({ Status: 'Failed', Approver: '' })
  })

  it('say something of every kind there is', () => {
    for (const kind of factKinds) {
      const shown = cells({ ...opening, kind })
      expect(shown['Operation name'], kind).toMatch(/^[A-Z][a-z]+( [A-Za-z]+)+$/)
      expect(['Started', 'Succeeded', 'Failed']).toContain(shown['Status'])
      expect(['Informational', 'Warning', 'Error']).toContain(shown['Level'])
    }
  })
})

describe('a cell', () => {
  const nameCell = (name: string) => cells({ ...opening, actor: { ...opening.actor, name } })['Event initiated by']

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1', '＠x'])(
    'that a spreadsheet would run, as %j, begins with an apostrophe',
    (name) => {
      expect(nameCell(name)).toBe(`'${name}`)
    },
  )

  it('reads back as what it was, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'grapheme' }),
          fc.string({ unit: fc.constantFrom(...Array.from('"\',;\r\n\t =+-@a')) }),
        ),
        (name) => {
          const read = nameCell(name)
          expect(/^[=+\-@\t\r\n＝＋－＠]/.test(name) ? read?.slice(1) : read).toBe(name)
          expect(read).not.toMatch(/^[=+\-@\t\r\n＝＋－＠]/)
        },
      ),
    )
  })
})

it('a line of JSON holds the whole fact', () => {
  const text = jsonLine(opening)
  expect(text.endsWith('}\n')).toBe(true)
  expect(text.trimEnd()).not.toContain('\n')
  expect(JSON.parse(text)).toEqual({ ...opening, cursor: encodeCursor(opening.cursor) })
})

it('names of columns are each there once', () => {
  expect(new Set(columns.map(({ name }) => name)).size).toBe(columns.length)
})
