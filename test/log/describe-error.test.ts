import { describe, expect, it } from 'vitest'
import { describeError } from '../../src/log/describe-error.ts'

describe('an error in the log', () => {
  it('says what it is, where it was thrown, and what caused it', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const described = describeError(new TypeError('no', { cause }))
    expect(described).toMatchObject({ name: 'TypeError', message: 'no', cause: { code: 'ECONNREFUSED' } })
    expect(described.frames?.[0]).toContain('describe-error.test.ts')
  })

  it('keeps the statement of a failed query and drops its parameters', () => {
    const error = Object.assign(new Error('Failed query: select $1\nparams: hunter2'), {
      query: 'select $1',
      params: ['hunter2'],
      cause: Object.assign(new Error('duplicate key value violates unique constraint "grants_pkey"'), {
        code: '23505',
        constraint: 'grants_pkey',
        detail: 'Key (id)=(hunter2) already exists.',
      }),
    })
    const described = describeError(error)
    expect(described).toMatchObject({ statement: 'select $1', cause: { code: '23505', constraint: 'grants_pkey' } })
    expect(JSON.stringify(described)).not.toContain('hunter2')
  })

  it('drops the message of a refused value, which quotes it', () => {
    const error = Object.assign(new Error('invalid input syntax for type uuid: "hunter2"'), { code: '22P02' })
    expect(JSON.stringify(describeError(error))).not.toContain('hunter2')
  })

  it('follows causes only so far, and takes anything thrown', () => {
    const loop = new Error('round')
    loop.cause = loop
    expect(JSON.stringify(describeError(loop)).match(/round/g)?.length).toBeLessThan(10)
    expect(describeError('text')).toEqual({ name: 'Thrown', message: 'text' })
    expect(describeError({ secret: 1 })).toEqual({ name: 'Thrown', message: 'object' })
  })
})
