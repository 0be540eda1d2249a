import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { localPeople, openLocalIssuer, type LocalIssuer } from '../../../src/server/identity/local-issuer.ts'
import { verifyToken } from '../../../src/server/identity/verify-token.ts'
import { handClock } from '../../support/clock.ts'

const clock = handClock()
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jit-gateway-issuer-'))
})
afterEach(() => rm(folder, { recursive: true }))

const check = (issuer: LocalIssuer, token: string, now = clock.now()) =>
  verifyToken(token, issuer.keyFor, issuer.terms, now)

describe('the local issuer', () => {
  it('makes tokens for three people, the policy admin first, that it takes for twelve hours', async () => {
    const issuer = await openLocalIssuer(folder, clock)
    expect(localPeople.map((person) => [person.id, person.role])).toEqual([
      ['ada', 'POLICY_ADMIN'],
      ['ben', 'REQUESTER'],
      ['cleo', 'READER'],
    ])
    for (const person of localPeople) {
      const token = await issuer.issue(person)
      expect(await check(issuer, token)).toMatchObject({ sub: person.id, name: person.name })
      await expect(check(issuer, token, clock.now() + 12 * 3_600_000)).rejects.toThrow('expired')
    }
  })

  it('keeps its key, readable for nobody else, so that tokens outlive a restart', async () => {
    const token = await (await openLocalIssuer(folder, clock)).issue(localPeople[0])
    expect((await stat(join(folder, 'local-issuer.pem'))).mode & 0o777).toBe(0o600)
    expect(await check(await openLocalIssuer(folder, clock), token)).toMatchObject({ sub: 'ada' })
  })

  it('is one issuer when several processes start at once over one folder', async () => {
    const [first, ...others] = await Promise.all(Array.from({ length: 5 }, () => openLocalIssuer(folder, clock)))
    const token = await first?.issue(localPeople[0])
    for (const other of others) expect(await check(other, token ?? '')).toMatchObject({ sub: 'ada' })
  })

  it('takes no token of another folder’s issuer', async () => {
    const token = await (await openLocalIssuer(join(folder, 'other'), clock)).issue(localPeople[0])
    await expect(check(await openLocalIssuer(folder, clock), token)).rejects.toThrow('unknown key')
  })
})
