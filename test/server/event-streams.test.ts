import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/time/clock.ts'
import { handClock } from '../support/clock.ts'
import { clientLimits, serve, TOKEN_MS, type ServedGateway } from './support/gateway.ts'

const accept = 'text/event-stream'
const texts = (count: number, size: number) => ({
  query: `subscription { texts(count: ${String(count)}, size: ${String(size)}) }`,
})

/** Reads a stream until it ends, is cut, or `enough` is found in it. */
async function read(response: Response, enough: string): Promise<{ text: string; cut: boolean }> {
  let text = ''
  try {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk
      if (text.includes(enough)) break
    }
    return { text, cut: false }
  } catch {
    return { text, cut: true }
  }
}

const open = (gateway: ServedGateway) => gateway.post(texts(1, 3), { accept })

describe('server-sent events', () => {
  it('bring the events of a subscription, and let its source go when the client does', async () => {
    const gateway = await serve()
    const response = await open(gateway)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect((await read(response, 'xxx')).text).toContain('data: {"data":{"texts":"xxx"}}')
    await expect.poll(() => gateway.stage.ended).toBeGreaterThan(0)
  })

  it('need a token like every operation', async () => {
    const gateway = await serve()
    expect((await gateway.post(texts(1, 1), { accept, authorization: '' })).status).toBe(401)
  })

  it('are refused when as many clients as may be are connected, and take the place of one that left', async () => {
    const gateway = await serve({ clientLimits: { ...clientLimits, connections: 1 } })
    const held = await open(gateway)
    const refused = await open(gateway)
    expect((await read(refused, 'complete')).text).toContain('UNAVAILABLE')
    await held.body?.cancel()
    await expect.poll(async () => (await read(await open(gateway), 'xxx')).text).toContain('xxx')
  })

  it('are cut a second after the token ends, when they have not ended with it', async () => {
    const clock = handClock(systemClock.now())
    const gateway = await serve({}, { clock })
    const response = await open(gateway)
    const whole = read(response, 'never')
    await clock.advance(TOKEN_MS + 1_000)
    expect((await whole).cut).toBe(true)
    await expect.poll(() => gateway.stage.ended).toBeGreaterThan(0)
  })

  it('are cut, not completed, when the gateway stops: the client connects anew and resumes', async () => {
    const gateway = await serve()
    const response = await open(gateway)
    const whole = read(response, 'never')
    await gateway.stop()
    const { text, cut } = await whole
    expect([cut, text.includes('complete')]).toEqual([true, false])
  })

  it('are cut when the client takes nothing for half a minute', async () => {
    const clock = handClock(systemClock.now())
    const gateway = await serve({}, { clock })
    await gateway.post(texts(1_000, 1_000_000), { accept })
    await expect
      .poll(async () => {
        await clock.advance(15_000)
        return gateway.stage.ended
      })
      .toBeGreaterThan(0)
  })

  it('let the source go when the client accepts no stream at all', async () => {
    const gateway = await serve()
    const response = await gateway.post(texts(1, 1), { accept: 'application/json' })
    expect(response.status).toBe(406)
    await expect.poll(() => gateway.stage.ended).toBeGreaterThan(0)
  })
})
