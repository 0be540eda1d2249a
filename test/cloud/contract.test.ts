import { describe, expect, it } from 'vitest'
import { isOurs } from '../../src/firewall/rule.ts'
import { refusalOf } from './azure/support/connected.ts'
import { boundaries } from './support/boundaries.ts'

/** What whoever enforces may rely on, whichever cloud is behind the port. */
describe.each(boundaries)('behind the port, $name', ({ guard, permission }) => {
  it('opens and closes as packets see it, and shows what was written as it was meant', async () => {
    const { cloud, boundaryId, open, passes } = await guard()
    expect(passes()).toBe(false)
    const before = await cloud.observe(boundaryId)
    expect((await cloud.apply(before, open)).correlationId).toMatch(/./)
    expect(passes()).toBe(true)
    const opened = await cloud.observe(boundaryId)
    for (const { name, description, ports, sources } of open.put)
      expect(opened.rules).toContainEqual(expect.objectContaining({ name, description, ports, sources }))
    expect(opened.etag).not.toBe(before.etag)
    await cloud.apply(opened, { remove: open.put.map(({ name }) => name), put: [] })
    expect(passes()).toBe(false)
    expect((await cloud.observe(boundaryId)).rules.filter(isOurs)).toEqual([])
  })

  it('can be written again with what stands there already, and is what it was', async () => {
    const { cloud, boundaryId, open, passes } = await guard()
    await cloud.apply(await cloud.observe(boundaryId), open)
    const { rules } = await cloud.observe(boundaryId)
    await cloud.apply(await cloud.observe(boundaryId), open)
    expect((await cloud.observe(boundaryId)).rules).toEqual(rules)
    expect(passes()).toBe(true)
  })

  it('keeps what others wrote, before a write and between the reading and the write', async () => {
    const { cloud, boundaryId, open, foreign, edit } = await guard()
    const outdated = await cloud.observe(boundaryId)
    edit()
    const theirs = foreign()
    // Whether a write upon an outdated reading is taken is the cloud's to say; it undoes nothing.
    await cloud.apply(outdated, open).catch(() => {})
    expect(foreign()).toBe(theirs)
    await cloud.apply(await cloud.observe(boundaryId), open)
    await cloud.apply(await cloud.observe(boundaryId), { remove: open.put.map(({ name }) => name), put: [] })
    expect(foreign()).toBe(theirs)
  })

  it('refuses to write a rule that is not ours, before anything is sent', async () => {
    const { cloud, boundaryId, foreign } = await guard()
    const observation = await cloud.observe(boundaryId)
    const [theirs] = observation.rules.filter((rule) => !isOurs(rule))
    const before = foreign()
    await expect(cloud.apply(observation, { remove: [theirs?.name ?? ''], put: [] })).rejects.toThrow('not ours')
    expect(foreign()).toBe(before)
  })

  it('is not found when it is gone', async () => {
    const { cloud, boundaryId, remove } = await guard()
    remove()
    expect(await refusalOf(cloud.observe(boundaryId))).toMatchObject({ kind: 'NOT_FOUND' })
  })

  it('whose answer was lost may have been written: the next reading tells, and goes on from there', async () => {
    const { cloud, boundaryId, open, passes, loseAnswers, calm } = await guard()
    const before = await cloud.observe(boundaryId)
    loseAnswers()
    expect((await refusalOf(cloud.apply(before, open))).kind).toBe('UNAVAILABLE')
    calm()
    await cloud.apply(await cloud.observe(boundaryId), open)
    expect(passes()).toBe(true)
  })

  it('says which permission is missing, and when it is asked too much', async () => {
    const { cloud, boundaryId, open, passes, forbid, throttle, calm } = await guard()
    const before = await cloud.observe(boundaryId)
    forbid()
    const forbidden = await refusalOf(cloud.apply(before, open))
    expect(forbidden.kind).toBe('FORBIDDEN')
    expect(forbidden.message.toLowerCase()).toContain(permission)
    calm()
    const again = await cloud.observe(boundaryId)
    throttle()
    const throttled = await refusalOf(cloud.apply(again, open))
    expect(throttled.kind).toBe('THROTTLED')
    expect(throttled.retryAfterMs).toBeGreaterThan(0)
    calm()
    expect(passes()).toBe(false)
  })
})
