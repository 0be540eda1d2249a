import { describe, expect, it } from 'vitest'
import { connectAzure } from '../../../src/cloud/azure/connect.ts'
import { makeLoopbackTls } from '../../../src/cloud/simulator/tls.ts'
import { bareGroupId, groupBody, json, serveBare } from './support/bare-server.ts'
import { allPages, connected, optionsFor, refusalOf } from './support/connected.ts'

const subscription = '5b1f0c3a-7a52-4c1e-9d55-2f6d1a7be001'

describe('an answer that is none of Azure’s', () => {
  it.each<[string, string, string]>([
    ['a page for people', 'text/html', '<html>Sign in</html>'],
    ['nothing', 'application/json', ''],
    ['another thing', 'application/json', '{"ok":true}'],
    ['half an answer', 'application/json', '{"id":"/sub'],
    ['another group', 'application/json', JSON.stringify({ ...groupBody(), id: '/subscriptions/other' })],
    ['a group without an etag', 'application/json', JSON.stringify({ ...groupBody(), etag: undefined })],
    ['a group without its rules', 'application/json', JSON.stringify({ ...groupBody(), properties: {} })],
  ])('such as %s is never taken for a boundary without rules', async (_, type, text) => {
    const server = await serveBare((__, response) => {
      response.writeHead(200, { 'Content-Type': type }).end(text)
    })
    const cloud = await server.connect()
    expect((await refusalOf(cloud.observe(bareGroupId))).kind).toBe('UNAVAILABLE')
  })

  it.each<[string, unknown]>([
    ['a page for people', '<html>Sign in</html>'],
    ['no list', {}],
    ['a list of nobody knows what', { value: [{ name: 'no id' }] }],
  ])('such as %s is never taken for the end of an inventory', async (_, body) => {
    const server = await serveBare((request, response) => {
      const last = request.url?.includes('Microsoft.Compute') === true
      json(response, 200, last ? body : { value: [] })
    })
    const cloud = await server.connect()
    const refusal = await refusalOf(allPages(cloud.inventory(subscription)))
    expect(refusal).toMatchObject({ kind: 'UNAVAILABLE', code: 'UnexpectedAnswer' })
  })

  it('such as a proxy’s 404 does not say that a boundary is gone', async () => {
    const server = await serveBare((_, response) => {
      response.writeHead(404, { 'Content-Type': 'text/html' }).end('<html>Not found</html>')
    })
    const cloud = await server.connect()
    expect(await refusalOf(cloud.observe(bareGroupId))).toMatchObject({ kind: 'UNAVAILABLE', code: 'Http404' })
  })

  it('such as a redirection is not followed, neither away nor on the same host', async () => {
    const other = await serveBare((_, response) => {
      json(response, 200, groupBody())
    })
    const server = await serveBare((request, response) => {
      const elsewhere = request.url?.includes('nsg2') === true ? other.endpoint : ''
      response.writeHead(302, { Location: `${elsewhere}/elsewhere` }).end()
    })
    const cloud = await server.connect()
    expect(await refusalOf(cloud.observe(bareGroupId))).toMatchObject({ kind: 'UNAVAILABLE', code: 'Http302' })
    expect(await refusalOf(cloud.observe(`${bareGroupId}2`))).toMatchObject({ kind: 'UNAVAILABLE', code: 'Http302' })
    expect([server.calls.length, other.calls.length]).toEqual([2, 0])
  })
})

describe('an answer that stops in the middle', () => {
  it('is given up in its time', async () => {
    const server = await serveBare((_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '100' }).write('{"id":')
    })
    const cloud = await server.connect({ callTimeoutMs: 150 })
    expect(await refusalOf(cloud.observe(bareGroupId))).toMatchObject({ kind: 'UNAVAILABLE', code: 'TimedOut' })
  })

  it('is no answer', async () => {
    const server = await serveBare((_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '100' }).write('{"id":', () => {
        response.destroy()
      })
    })
    const cloud = await server.connect()
    expect((await refusalOf(cloud.observe(bareGroupId))).kind).toBe('UNAVAILABLE')
  })
})

describe('an endpoint', () => {
  it('whose certificate is not trusted says how to trust it, and gets no token', async () => {
    const server = await serveBare((_, response) => {
      json(response, 200, groupBody())
    })
    const { authority } = await makeLoopbackTls()
    for (const certificateAuthority of [authority, null]) {
      const cloud = await server.connect({ certificateAuthority })
      const refusal = await refusalOf(cloud.observe(bareGroupId))
      expect(refusal.kind).toBe('UNAVAILABLE')
      expect(refusal.message).toMatch(/^The certificate of localhost:\d+ is not trusted .* ARM_CA_FILE\.$/)
    }
    expect(server.calls).toEqual([])
  })

  it('where nobody listens is named', async () => {
    const { simulator, groupId } = await connected()
    await simulator.stop()
    const refusal = await refusalOf(connectAzure(optionsFor(simulator)).observe(groupId))
    expect(refusal).toMatchObject({ kind: 'UNAVAILABLE', code: 'ECONNREFUSED' })
    expect(refusal.message).toContain(new URL(simulator.endpoint).host)
  })

  it('may be written with a slash at its end', async () => {
    const { simulator, groupId } = await connected()
    const cloud = connectAzure(optionsFor(simulator, { endpoint: `${simulator.endpoint}/` }))
    expect((await cloud.observe(groupId)).boundaryId).toBe(groupId)
  })
})
