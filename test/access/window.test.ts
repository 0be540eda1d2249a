import { describe, expect, it } from 'vitest'
import { readWindow } from '../../src/access/window.ts'

const now = new Date('2026-01-01T12:00:00Z')
const at = (text: string) => readWindow({ endsAt: new Date(text) }, now)

describe('The window of a request', () => {
  it('lasts as long as asked, from ten seconds up', () => {
    expect(readWindow({ durationSeconds: 10 }, now)).toMatchObject({ durationSeconds: 10, userErrors: [] })
    expect(readWindow({ durationSeconds: 9 }, now).userErrors).toMatchObject([{ field: ['duration'] }])
    expect(readWindow({ durationSeconds: -1 }, now).userErrors).toHaveLength(1)
  })

  it('may end at a moment instead, and is then measured from now', () => {
    expect(at('2026-01-01T13:00:00Z')).toMatchObject({ durationSeconds: 3_600, userErrors: [] })
  })

  it('does not end in the past, nor at once', () => {
    expect(at('2026-01-01T11:59:59Z').userErrors).toMatchObject([{ field: ['endsAt'], message: 'The end has passed.' }])
    expect(at('2026-01-01T12:00:05Z').userErrors).toHaveLength(1)
  })

  it('has a duration or an end, not both', () => {
    expect(readWindow({ durationSeconds: 60, endsAt: now }, now).userErrors).toHaveLength(1)
  })
})
