import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { offerOf, type Extendable } from '../../src/access/extension.ts'
import type { Approver, ApprovalRule } from '../../src/access/approval.ts'
import type { PolicyPort, PolicyTerms } from '../../src/access/policy.ts'
import { protocols } from '../../src/access/words.ts'
import { updatePolicy } from '../../src/commands/update-policy.ts'
import { globalId } from '../../src/graphql/global-id.ts'
import { admin, grantTo, protect, requester } from '../commands/support/estate.ts'
import { useDatabase } from '../support/database.ts'
import { ask } from './support/ask.ts'

const database = useDatabase()
let policyId = ''
let grantId = ''
beforeAll(async () => {
  policyId = await protect(database.store, 'web')
  grantId = await grantTo(database.store, requester, 'web')
  await database.store.pool.query(
    `update grants set state = 'ACTIVE', activated_at = gateway_now(), ends_at = gateway_now() + interval '30 minutes'`,
  )
})

const prefixes = fc.constantFrom(
  '0.0.0.0/0',
  '203.0.113.0/24',
  '203.0.113.7/32',
  '203.0.112.0/23',
  '10.0.0.0/8',
  '::/0',
  '2001:db8::/32',
  '2001:db8::7/128',
)
const asked = fc.record({
  protocol: fc.constantFrom(...protocols),
  sources: fc.uniqueArray(prefixes, { minLength: 1, maxLength: 2 }),
})
const approver: fc.Arbitrary<Approver> = fc.constantFrom<Approver>(
  { kind: 'USER', id: 'rob' },
  { kind: 'USER', id: 'ann' },
  { kind: 'USER', id: 'bea' },
  { kind: 'GROUP', id: 'leads' },
  { kind: 'ROLE', id: null },
)
const approval: fc.Arbitrary<ApprovalRule | null> = fc.option(
  fc.record({
    approvalsNeeded: fc.integer({ min: 0, max: 3 }),
    approvers: fc.uniqueArray(approver, { maxLength: 3 }),
    decideWithinSeconds: fc.constant(3_600),
  }),
)
const texts = fc.record({ required: fc.boolean(), pattern: fc.constant(null) })
const port = fc.record({
  port: fc.constantFrom(22, 23),
  protocol: fc.constantFrom(...protocols),
  allowedSources: fc.uniqueArray(prefixes, { minLength: 1, maxLength: 2 }),
  maximumDurationSeconds: fc.constantFrom(300, 1_799, 1_860, 10_800),
  approval,
})
const terms = fc.record({
  approval,
  justification: texts,
  ticket: texts,
  noticeSeconds: fc.constant(null),
  closesForeignRules: fc.constant(false),
})

it('is in the API what the evaluation of an extension would answer', async () => {
  const { store } = database
  const seen = new Set<boolean>()
  await fc.assert(
    fc.asyncProperty(asked, port, terms, async ({ protocol, sources }, allowed: PolicyPort, rest) => {
      const policy: PolicyTerms = { ...rest, ports: [allowed] }
      await store.pool.query('update grants set protocol = $1, sources = $2', [protocol, sources])
      // The rows themselves: a policy takes no prefixes that overlap, and what it says of one port is all that matters.
      await store.pool.query('delete from policy_ports')
      await store.pool.query(
        `insert into policy_ports (policy_id, port, protocol, allowed_sources, maximum_duration_seconds, approval)
         values ($1, $2, $3, $4, $5, $6)`,
        [
          policyId,
          allowed.port,
          allowed.protocol,
          allowed.allowedSources,
          allowed.maximumDurationSeconds,
          allowed.approval === null ? null : JSON.stringify(allowed.approval),
        ],
      )
      await store.pool.query('update policies set approval = $1, justification_required = $2, ticket_required = $3', [
        rest.approval === null ? null : JSON.stringify(rest.approval),
        rest.justification.required,
        rest.ticket.required,
      ])
      const { grant } = await ask<any>(
        store,
        requester,
        `query ($id: ID!) { grant(id: $id) { endsAt viewerCanExtend extension {
          longest until needsApproval needsJustification needsTicket } } }`,
        { id: globalId('Grant', grantId) },
      )
      const endsAt = new Date(grant.endsAt)
      const held: Extendable = { requesterId: 'rob', port: 22, protocol, sources, endsAt }
      const offer = offerOf(policy, held, new Date())
      seen.add(offer !== null)
      expect(grant.viewerCanExtend).toBe(offer !== null)
      if (offer === null) expect(grant.extension).toBeNull()
      else {
        const { longestSeconds: _longest, until: _until, ...needs } = offer
        expect(grant.extension).toMatchObject(needs)
        expect(Date.parse(grant.extension.until)).toBeGreaterThan(endsAt.getTime())
        expect(Math.abs(Date.parse(grant.extension.until) - Date.parse(offer.until))).toBeLessThan(5_000)
      }
    }),
    { numRuns: 150 },
  )
  expect(seen).toEqual(new Set([true, false]))
  await updatePolicy({ store, viewer: admin }, { policyIds: [policyId], setPorts: [{ port: 22 }] })
})
