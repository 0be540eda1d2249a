import { describe, expect, it } from 'vitest'
import type { Observation } from '../../src/cloud/port.ts'
import { createLastSeen } from '../../src/enforcer/last-seen.ts'

const reading = (boundaryId: string, ruleCount = 1, etag = '1'): Observation => ({
  boundaryId,
  kind: 'NETWORK_SECURITY_GROUP',
  etag,
  rules: [],
  ruleCount,
  raw: null,
})

describe('what was last seen of a boundary', () => {
  it('is given once: who plans on it must look again before anything else does', () => {
    const lastSeen = createLastSeen()
    lastSeen.remember(reading('nsg'))
    expect(lastSeen.take('nsg', '1')).toMatchObject({ boundaryId: 'nsg' })
    expect(lastSeen.take('nsg', '1')).toBeNull()
  })

  it('is the latest reading', () => {
    const lastSeen = createLastSeen()
    lastSeen.remember(reading('nsg', 1, '1'))
    lastSeen.remember(reading('nsg', 1, '2'))
    expect(lastSeen.take('nsg', '2')?.etag).toBe('2')
  })

  it('is not given when it is not what was recorded last: another enforcer has looked or written since', () => {
    const lastSeen = createLastSeen()
    for (const etag of ['2', null]) {
      lastSeen.remember(reading('nsg'))
      expect(lastSeen.take('nsg', etag)).toBeNull()
      expect(lastSeen.take('nsg', '1')).toBeNull()
    }
  })

  it('is forgotten, the least recent first, when there is too much to remember', () => {
    const lastSeen = createLastSeen(10)
    lastSeen.remember(reading('a', 5))
    lastSeen.remember(reading('b', 5))
    lastSeen.remember(reading('a', 5))
    lastSeen.remember(reading('c', 5))
    expect(lastSeen.take('b', '1')).toBeNull()
    expect(lastSeen.take('a', '1')).not.toBeNull()
    lastSeen.remember(reading('vast', 11))
    expect(lastSeen.take('vast', '1')).toBeNull()
  })
})
