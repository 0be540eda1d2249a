import { describe, expect, it } from 'vitest'
import { CloudError, type CloudErrorKind } from '../../src/cloud/error.ts'
import { failureOf } from '../../src/enforcer/failure.ts'
import type { Claim } from '../../src/store/reconcile/claim.ts'
import type { PassInput } from '../../src/store/reconcile/begin.ts'

const claim: Claim = {
  boundaryId: 'nsg',
  kind: 'NETWORK_SECURITY_GROUP',
  accountId: 'account',
  fence: '7',
  attempts: 2,
}
const about = { vmId: 'vm', addresses: ['10.0.0.4'], port: 22, protocol: 'TCP' as const, sources: ['192.0.2.1/32'] }
const live = (grantId: string) => ({ ...about, grantId, endsAt: '2026-01-05T09:00:00.000Z' })
const input: PassInput = {
  etag: null,
  at: '2026-01-05T08:00:00.000Z',
  machines: [],
  grants: [live('opening'), live('open')],
  ended: [
    { ...about, grantId: 'closing', closing: true },
    { ...about, grantId: 'given up', closing: false },
  ],
  known: [{ grantId: 'open', ruleName: 'JitGateway-Allow-1' }],
  ours: { recorded: null, intended: null, left: [] },
  driftResponse: 'RESTORE',
}
const refusal = (kind: CloudErrorKind, retryAfterMs: number | null = null) =>
  failureOf(new CloudError(kind, 'Code', 'In words.', { retryAfterMs, correlationId: 'c-1' }), claim, input, 0.5)

describe('what a refusal of the cloud means', () => {
  it.each(['FORBIDDEN', 'LOCKED', 'QUOTA', 'INVALID', 'NOT_FOUND'] as const)(
    '%s gives up what is only being opened, and nothing that is open',
    (kind) => {
      expect(refusal(kind).refused).toEqual([{ grantId: 'opening', fault: { code: 'Code', message: 'In words.' } }])
    },
  )

  it.each(['THROTTLED', 'CONFLICT', 'UNAVAILABLE'] as const)('%s gives up nothing: the same may work soon', (kind) => {
    expect(refusal(kind).refused).toEqual([])
  })

  it('holds up the grants that should have been proven closed, and says why', () => {
    expect(refusal('LOCKED')).toMatchObject({
      closing: ['closing'],
      fault: { code: 'Code', message: 'In words.' },
      correlationId: 'c-1',
    })
  })

  it('waits as long as a throttling cloud asks, for the whole account', () => {
    expect(refusal('THROTTLED', 17_000)).toMatchObject({ throttledMs: 17_000, retryInMs: 17_000 })
  })

  it('waits for ten seconds when a throttling cloud does not say', () => {
    expect(refusal('THROTTLED')).toMatchObject({ throttledMs: 10_000, retryInMs: 10_000 })
  })

  it('comes back from a conflict sooner than from anything else, and from neither at once', () => {
    const [conflict, other] = [refusal('CONFLICT'), refusal('UNAVAILABLE')]
    expect(conflict.retryInMs).toBeGreaterThan(0)
    expect(conflict.retryInMs).toBeLessThan(other.retryInMs)
    expect(conflict.throttledMs).toBeNull()
  })

  it('never stops trying: there is a wait for every number of failures, and it is bounded', () => {
    for (const attempts of [0, 1, 10, 1_000, 1_000_000]) {
      const { retryInMs } = failureOf(new CloudError('FORBIDDEN', 'C', 'm'), { ...claim, attempts }, input, 0.999)
      expect(retryInMs).toBeGreaterThan(0)
      expect(retryInMs).toBeLessThanOrEqual(60_000)
    }
  })

  it('knows a boundary that is gone from one that refuses', () => {
    expect(refusal('NOT_FOUND').gone).toBe(true)
    expect(refusal('FORBIDDEN').gone).toBe(false)
  })
})
