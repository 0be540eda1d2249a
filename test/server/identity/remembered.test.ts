import { describe, expect, it } from 'vitest'
import type { TokenHolder } from '../../../src/server/identity/claims.ts'
import { createRemembered } from '../../../src/server/identity/remembered.ts'
import { handClock } from '../../support/clock.ts'

/** A memory of tokens that end in an hour unless told, and what was asked to be verified. */
function remembered(endsInMs = 3_600_000) {
  const clock = handClock()
  const memory = createRemembered(clock)
  const asked: string[] = []
  const holder: TokenHolder = {
    actor: { kind: 'PERSON', id: 'ada', name: 'Ada' },
    groups: [],
    appRoles: [],
    expiresAt: clock.now() + endsInMs,
  }
  const show = (token: string) =>
    memory.holderOf(token, () => {
      asked.push(token)
      return token.startsWith('good') ? Promise.resolve(holder) : Promise.reject(new Error('refused'))
    })
  return { clock, asked, show }
}

describe('a token that was verified', () => {
  it('counts for a minute, and is verified again after it', async () => {
    const { clock, asked, show } = remembered()
    await show('good')
    await clock.advance(59_999)
    await show('good')
    expect(asked).toHaveLength(1)
    await clock.advance(1)
    await show('good')
    expect(asked).toHaveLength(2)
  })

  it('never counts past its end', async () => {
    const { clock, asked, show } = remembered(10_000)
    await show('good')
    await clock.advance(10_000)
    await show('good')
    expect(asked).toHaveLength(2)
  })

  it('is not forgotten for any number of tokens that are refused, of which nothing is kept', async () => {
    const { asked, show } = remembered()
    await show('good')
    for (let number = 0; number < 10_001; number += 1) await expect(show(`bad-${number}`)).rejects.toThrow('refused')
    asked.length = 0
    await show('good')
    await expect(show('bad-10000')).rejects.toThrow('refused')
    expect(asked).toEqual(['bad-10000'])
  })
})

describe('roles that were read', () => {
  it('are kept once for all who hold on to them, until their version is another', () => {
    const memory = createRemembered(handClock())
    const principal = { actor: { kind: 'PERSON', id: 'ada', name: 'Ada' }, groups: [], appRoles: [] } as const
    const read = (rolesVersion: string) => memory.remember(principal, { rolesHeld: [], rolesVersion })
    const first = read('7')
    expect(read('7')).toBe(first)
    const changed = read('8')
    expect(changed.rolesVersion).toBe('8')
    expect(memory.rolesOf(principal)).toBe(changed)
  })

  it('count for as long as was told last: a clock that was set must not have them read for ever', () => {
    const memory = createRemembered(handClock())
    const principal = { actor: { kind: 'PERSON', id: 'ada', name: 'Ada' }, groups: [], appRoles: [] } as const
    const read = (rolesUntil: number) => memory.remember(principal, { rolesHeld: [], rolesVersion: '7', rolesUntil })
    const first = read(1_000)
    const again = read(5_000)
    expect(again.rolesUntil).toBe(5_000)
    expect(again.rolesHeld).toBe(first.rolesHeld)
    expect(memory.rolesOf(principal)).toBe(again)
  })
})
