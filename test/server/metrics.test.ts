import { describe, expect, it } from 'vitest'
import { metricsText } from '../../src/server/metrics.ts'
import { writeBoundaries, writeGrant, writeMachine } from '../store/estate.ts'
import { useDatabase } from '../support/database.ts'
import { serve } from './support/gateway.ts'

const database = useDatabase()

const metrics = async () =>
  new Map(
    (await metricsText(database.store))
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split(' ') as [string, string]),
  )

describe('the metrics', () => {
  it('are all there when there is nothing to tell', async () => {
    expect(Object.fromEntries(await metrics())).toMatchObject({
      'jit_gateway_grants{state="CLOSING"}': '0',
      jit_gateway_close_overdue_seconds: '0',
      jit_gateway_closes_delayed: '0',
      jit_gateway_boundaries_failing: '0',
      jit_gateway_exposures: '0',
      jit_gateway_break_glass_unreviewed: '0',
      jit_gateway_lockdowns: '0',
      jit_gateway_sync_age_seconds: '0',
    })
  })

  it('tell how long a grant is over and not proven closed', async () => {
    await writeBoundaries(database.store, ['front'])
    await writeMachine(database.store, 'web', [['front', null]])
    const id = await writeGrant(database.store, 'web', 'CLOSING')
    await database.store.pool.query(
      `update grants set closing_at = gateway_now() - interval '90 seconds', close_attempts = 2 where id = $1`,
      [id],
    )
    const told = await metrics()
    expect(told.get('jit_gateway_grants{state="CLOSING"}')).toBe('1')
    expect(Number(told.get('jit_gateway_close_overdue_seconds'))).toBeGreaterThanOrEqual(90)
    expect(told.get('jit_gateway_closes_delayed')).toBe('1')
  })

  it('are scraped from this machine, or with the token once there is one', async () => {
    const open = await serve()
    const answer = await fetch(`${open.url}/metrics`)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ])
    const read = () => Promise.resolve('jit_gateway_grants 0\n')
    const guarded = await serve({}, { metrics: { read, token: 'a token of some length' } })
    const status = async (authorization: string) =>
      (await fetch(`${guarded.url}/metrics`, { headers: { authorization } })).status
    expect(await status('')).toBe(403)
    expect(await status('Bearer a token of same length')).toBe(403)
    expect(await status('Bearer a token of some length')).toBe(200)
  })

  it('say that they cannot be read when the database is away', async () => {
    const away = await serve({}, { metrics: { read: () => Promise.reject(new Error('away')), token: null } })
    expect((await fetch(`${away.url}/metrics`)).status).toBe(503)
  })
})
