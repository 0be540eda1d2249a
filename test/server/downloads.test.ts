import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startFeed } from '../../src/activity/feed.ts'
import { assignRole } from '../../src/commands/assign-role.ts'
import { registerAccount } from '../../src/commands/register-account.ts'
import { removeRole } from '../../src/commands/remove-role.ts'
import { silentLog } from '../../src/log/log.ts'
import { createAuthenticator } from '../../src/server/identity/authenticator.ts'
import { localPeople, openLocalIssuer } from '../../src/server/identity/local-issuer.ts'
import { openStore } from '../../src/store/open.ts'
import { systemClock } from '../../src/time/clock.ts'
import { beginByHand } from '../commands/support/interleave.ts'
import { readCsv } from '../activity/download/support/read-csv.ts'
import { ask } from '../graphql/support/ask.ts'
import { person } from '../graphql/support/context.ts'
import { places, quietMachineId, writeLongLog } from '../graphql/support/long-log.ts'
import { handClock } from '../support/clock.ts'
import { useDatabase } from '../support/database.ts'
import { settled } from '../support/settled.ts'
import { clientLimits, TOKEN_MS } from './support/gateway.ts'
import { serveReal, type RealGateway } from './support/real-schema.ts'

const database = useDatabase()
const FACTS = 20_000
/** Facts that one statement looks at. */
const PART = 1_000
const RARE = 10
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jit-gateway-downloads-'))
  await writeLongLog(database.store, FACTS, RARE)
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

const viewers = [
  person('cleo', 'READER'),
  person('mia', 'OPERATOR', places.quietGroup),
  person('rob', 'REQUESTER'),
  person('nobody', null),
]
const as = (viewer: number) => ({ headers: { authorization: `Bearer ${String(viewer)}` } })
const download = async (gateway: RealGateway, path: string, viewer = 0) => {
  const response = await fetch(`${gateway.url}${path}`, as(viewer))
  return { status: response.status, headers: response.headers, text: await response.text() }
}
/** The last cell of each row; no row of the long log is more than one line. */
const cursorsOf = (csv: string) =>
  csv
    .split('\r\n')
    .slice(1, -1)
    .map((line) => line.slice(line.lastIndexOf(',') + 1))

/** The cursors that the API's pages show, in the order of the log. */
async function pagedCursors(viewer: number, filter: object): Promise<string[]> {
  const cursors: string[] = []
  const document = `query ($after: String, $filter: ActivityFilter) {
    activity(first: 100, after: $after, filter: $filter, orderBy: OLDEST_FIRST) { edges { cursor } } }`
  for (;;) {
    const after = cursors.at(-1) ?? null
    const { activity } = await ask<any>(database.store, viewers[viewer] as never, document, { after, filter })
    cursors.push(...activity.edges.map(({ cursor }: { cursor: string }) => cursor))
    if (activity.edges.length < 100) return cursors
  }
}

/** Begins a download and reads its head; its body is read when it is asked for. */
async function begun(url: string, headers: Record<string, string>): Promise<IncomingMessage> {
  const request = get(url, { headers, agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.on('error', () => {})
  return response
}

/** Reads on until the end; says whether it was cut. */
async function rest(response: IncomingMessage): Promise<{ text: string; cut: boolean }> {
  let text = ''
  response.setEncoding('utf8')
  try {
    for await (const part of response) text += part as string
    return { text, cut: false }
  } catch {
    return { text, cut: true }
  }
}
const lines = (text: string) => text.split('\n').length - 1

describe('a download of the log', () => {
  it('holds all of it in the order of commits, once', async () => {
    const gateway = await serveReal(database.store, viewers)
    const { status, headers, text } = await download(gateway, '/activity.csv')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
    expect(headers.get('content-disposition')).toBe('attachment; filename="activity.csv"')
    expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual(['no-store', 'nosniff'])
    const cursors = cursorsOf(text)
    expect(cursors).toHaveLength(FACTS)
    expect(new Set(cursors).size).toBe(FACTS)
    expect(cursors.slice(0, 240)).toEqual((await pagedCursors(0, { to: at(FACTS - 300) })).slice(0, 240))
    // Parts of the log, each by one statement, and the moment it begins with.
    expect(gateway.statements.length).toBeLessThanOrEqual(FACTS / PART + 2)
  })

  it('is lines of JSON too', async () => {
    const gateway = await serveReal(database.store, viewers)
    const { headers, text } = await download(gateway, `/activity.jsonl?from=${at(100.5)}`)
    expect(headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
    const facts = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { cursor: string; kind: string })
    expect(facts.length).toBeGreaterThan(95)
    expect(facts.map(({ cursor }) => cursor)).toEqual(await pagedCursors(0, { from: at(100.5) }))
    expect(facts[0]).toMatchObject({ kind: 'GrantActivated', actor: { id: 'gateway' }, detail: { port: 22 } })
  })

  it('goes on from the cursor of any row', async () => {
    const gateway = await serveReal(database.store, viewers)
    const whole = cursorsOf((await download(gateway, '/activity.csv')).text)
    for (const place of [PART - 1, 17_345, FACTS - 1]) {
      const { text } = await download(gateway, `/activity.csv?after=${whole[place] as string}`)
      expect(cursorsOf(text)).toEqual(whole.slice(place + 1))
    }
  })

  const filters: Record<string, object> = {
    'a kind that is rare': { kinds: ['ACCOUNT_REGISTERED', 'GRANT_CLOSED'] },
    'an actor': { actorIds: ['rare', 'nobody'] },
    'a requester': { requesterIds: ['rob'] },
    'a machine': { virtualMachines: [quietMachineId] },
    'an account': { scope: places.quietAccount.toUpperCase() },
    'a resource group': { scope: places.quietGroup },
    'a time': { from: at(200), to: at(100) },
    'a kind, a time and a place': { kinds: ['GRANT_ACTIVATED'], from: at(2_000), to: at(1_900), scope: '/' },
    'what there is not': { grants: [] },
  }
  it.each(Object.entries(filters))('of %s is what the API shows of it', async (_name, filter) => {
    const gateway = await serveReal(database.store, viewers)
    const query = new URLSearchParams(
      Object.entries(filter).flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)])),
    )
    for (const viewer of viewers.keys()) {
      const { text } = await download(gateway, `/activity.csv?${String(query)}`, viewer)
      const expected = Object.values(filter).some((value) => Array.isArray(value) && value.length === 0)
        ? await pagedCursors(viewer, {}).then((all) => (viewer === 0 ? null : all))
        : await pagedCursors(viewer, filter)
      if (expected !== null) expect(cursorsOf(text)).toEqual(expected)
    }
  })

  it.each([
    ['who sees everything', 0, FACTS],
    ['who sees a quiet group', 1, RARE],
    ['who sees the own only', 2, RARE],
    ['who sees nothing', 3, 0],
  ])('holds for %s what they may see, and is quickly read', async (_who, viewer, seen) => {
    const gateway = await serveReal(database.store, viewers)
    const { status, text } = await download(gateway, '/activity.csv', viewer)
    expect([status, cursorsOf(text).length]).toEqual([200, seen])
    if (seen < FACTS) expect(gateway.statements.length).toBeLessThanOrEqual(2)
  })
})

/** A moment so many minutes ago. */
function at(minutes: number): string {
  return new Date(Date.now() - minutes * 60_000).toISOString()
}

describe('while it is read', () => {
  it('nothing is read ahead of a reader who does not read, nothing is kept open, and the feed goes on', async () => {
    const gateway = await serveReal(database.store, viewers)
    const response = await begun(`${gateway.url}/activity.csv`, as(0).headers)
    await expect.poll(() => gateway.statements.length).toBeGreaterThan(1)
    const feed = startFeed({ store: database.store, url: database.url, clock: systemClock, log: silentLog })
    onTestFinished(() => feed.stop())
    const before = await still(() => gateway.statements.length)
    expect(before).toBeLessThan(FACTS / PART)
    const { rows } = await database.store.pool.query(
      `select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
         and (xact_start is not null or backend_xmin is not null) and backend_type = 'client backend'`,
    )
    expect(rows).toEqual([])
    const reading = feed.read({ transaction: '0', position: '0' }, AbortSignal.timeout(10_000))
    expect((await reading.next()).done).toBe(false)
    await reading.return(undefined)
    expect(gateway.statements.length).toBe(before)
    const { text, cut } = await rest(response)
    expect([lines(text), cut]).toEqual([FACTS + 1, false])
  })

  it('what is written meanwhile is not in it: it holds what there was when it began', async () => {
    const gateway = await serveReal(database.store, viewers)
    const response = await begun(`${gateway.url}/activity.csv`, as(0).headers)
    const subscriptionId = 'b1b2c3d4-0000-4000-8000-000000000009'
    await registerAccount({ store: database.store, viewer: person('ada', 'POLICY_ADMIN') }, { subscriptionId })
    await settled(database.store)
    const { text } = await rest(response)
    expect(lines(text)).toBe(FACTS + 1)
    // Whoever goes on from there later is told.
    const more = await download(gateway, `/activity.csv?after=${cursorsOf(text).at(-1) as string}`)
    expect(readCsv(more.text).map((row) => row[1])).toEqual(['Operation name', 'Account registered'])
  })

  it('an open write transaction is not waited for', async () => {
    const client = await beginByHand(database.store)
    await client.query('select pg_current_xact_id()')
    const gateway = await serveReal(database.store, viewers)
    expect(
      cursorsOf((await download(gateway, `/activity.csv?kinds=GRANT_ACTIVATED&from=${at(9.5)}`)).text),
    ).toHaveLength(10)
  })

  it('a reader who goes ends it', async () => {
    const gateway = await serveReal(database.store, viewers)
    const response = await begun(`${gateway.url}/activity.csv`, as(0).headers)
    await once(response, 'readable')
    response.destroy()
    const left = await still(() => gateway.statements.length)
    expect(left).toBeLessThan(FACTS / PART)
    expect(await still(() => gateway.statements.length)).toBe(left)
  })

  it('it is cut, not ended, when the gateway stops', async () => {
    const gateway = await serveReal(database.store, viewers)
    const response = await begun(`${gateway.url}/activity.csv`, as(0).headers)
    await gateway.stop()
    expect((await rest(response)).cut).toBe(true)
  })

  it('it is cut when the token ends', async () => {
    const clock = handClock(systemClock.now())
    const gateway = await serveReal(database.store, viewers, { server: { clock } })
    const response = await begun(`${gateway.url}/activity.csv`, as(0).headers)
    await clock.advance(TOKEN_MS + 1_000)
    expect((await rest(response)).cut).toBe(true)
  })

  it('it is cut when its reader took nothing for half a minute', async () => {
    const clock = handClock(systemClock.now())
    const gateway = await serveReal(database.store, viewers, { server: { clock } })
    const response = await begun(`${gateway.url}/activity.csv`, as(0).headers)
    await still(() => gateway.statements.length)
    for (let look = 0; look < 3; look++) await clock.advance(15_000)
    expect((await rest(response)).cut).toBe(true)
  })

  it('its parts count as operations of the caller', async () => {
    const clock = handClock(systemClock.now())
    const limits = { ...clientLimits, operationsPerSecond: 2 }
    const gateway = await serveReal(database.store, viewers, { api: { clientLimits: limits }, server: { clock } })
    const response = await begun(`${gateway.url}/activity.csv`, as(0).headers)
    const reading = rest(response)
    // Four at once, of which the first is the download itself: then one each half a second.
    await expect.poll(() => gateway.statements.length).toBe(5)
    expect((await download(gateway, '/activity.csv')).status).toBe(429)
    for (let parts = 1; parts < 5; parts++) {
      await clock.advance(500)
      await expect.poll(() => gateway.statements.length).toBe(5 + parts)
    }
    response.destroy()
    await reading
  })
})

/** What `count` comes to when it no longer changes. */
async function still(count: () => number): Promise<number> {
  for (let last = -1; ;) {
    if (last === count()) return last
    last = count()
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
}

describe('when roles change while it is read', () => {
  /** A gateway whose callers hold what is assigned in the database; and cleo, who reads slowly. */
  async function begin() {
    const issuer = await openLocalIssuer(folder, systemClock)
    const source = { bootstrapAdmin: null, store: database.store, clock: systemClock }
    const authenticate = createAuthenticator({
      terms: issuer.terms,
      keyFor: issuer.keyFor,
      claims: { groups: 'groups', roles: 'roles' },
      ...source,
    })
    const gateway = await serveReal(database.store, [], { api: { authenticate } })
    const authorization = `Bearer ${await issuer.issue(localPeople[2])}`
    return { gateway, response: () => begun(`${gateway.url}/activity.csv`, { authorization }) }
  }
  const context = () => ({ store: database.store, viewer: person('ada', 'POLICY_ADMIN') })
  const give = async (principalId: string, more: { scope?: string; endsAt?: Date } = {}) => {
    const input = { principalKind: 'USER', principalId, role: 'READER', scope: '/', ...more } as const
    return (await assignRole(context(), input)).id as string
  }

  it('a caller who loses the role is sent no more, and is not told that it was all', async () => {
    const { response } = await begin()
    const role = await give('cleo')
    const reading = await response()
    await removeRole(context(), { assignmentId: role })
    const { text, cut } = await rest(reading)
    expect(cut).toBe(true)
    expect(lines(text)).toBeLessThan(FACTS / 2)
    expect(cursorsOf((await fetchAll(await response())).text)).toEqual([])
  })

  it('a role that ends by the database clock counts no more, though nobody has taken it away', async () => {
    const { response } = await begin()
    const [row] = (await database.store.pool.query(`select gateway_now() + interval '1 hour' as at`)).rows as {
      at: Date
    }[]
    await give('cleo', { endsAt: row?.at as Date })
    const reading = await response()
    await database.advance(3_600_000)
    expect((await rest(reading)).cut).toBe(true)
  })

  it('it goes on when the roles of others change, or when the caller holds the same in the end', async () => {
    const { response } = await begin()
    await give('cleo')
    const reading = await response()
    await give('somebody-else')
    const { text, cut } = await rest(reading)
    expect(cut).toBe(false)
    expect(lines(text)).toBeGreaterThan(FACTS)
  })

  const fetchAll = (response: IncomingMessage) => rest(response)
})

describe('a download is refused', () => {
  it.each([
    ['kinds=GRANT_OPENED', 'kinds'],
    ['kinds=', 'kinds'],
    ['virtualMachines=x', 'is not the id of a VirtualMachine'],
    ['scope=web', 'is not a scope'],
    ['from=yesterday', 'from'],
    ['from=2026-01-01T00:00:00Z&from=2026-01-02T00:00:00Z', 'from'],
    ['after=x', 'after'],
    ['first=10', 'first'],
    ['actorIds=a%00b', 'zero byte'],
    ['actorIds=a'.concat('&actorIds=b'.repeat(100)), 'At most 100'],
  ])('for %s, in words that say why', async (query, words) => {
    const gateway = await serveReal(database.store, viewers)
    const { status, headers, text } = await download(gateway, `/activity.csv?${query}`)
    expect([status, headers.get('content-type')]).toEqual([400, 'application/json; charset=utf-8'])
    expect(headers.get('content-disposition')).toBeNull()
    const { errors } = JSON.parse(text) as { errors: { message: string; extensions: { code: string } }[] }
    expect(errors[0]?.message).toContain(words)
    expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT')
  })

  it('to whom nobody knows, to any other method, and as a WebSocket', async () => {
    const gateway = await serveReal(database.store, viewers, {
      api: { authenticate: () => Promise.reject(new Error('no')) },
    })
    expect((await download(gateway, '/activity.csv')).status).toBe(503)
    const posted = await fetch(`${gateway.url}/activity.csv`, { method: 'POST', body: 'x', ...as(0) })
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, OPTIONS'])
    const upgrade = get(`${gateway.url}/activity.csv`, { headers: { connection: 'upgrade', upgrade: 'websocket' } })
    const [answer] = (await once(upgrade, 'response')) as [IncomingMessage]
    expect(answer.statusCode).toBe(404)
  })

  it('when as many clients as may be are connected', async () => {
    const limits = { ...clientLimits, connections: 1 }
    const gateway = await serveReal(database.store, viewers, { api: { clientLimits: limits } })
    const held = await begun(`${gateway.url}/activity.csv`, as(0).headers)
    expect((await download(gateway, '/activity.csv')).status).toBe(503)
    await rest(held)
    await expect.poll(async () => (await download(gateway, '/activity.csv?actorIds=rare')).status).toBe(200)
  })

  it('while the database is away, with the time to wait', async () => {
    const store = await openStore(database.url)
    const gateway = await serveReal(store, viewers)
    await store.close()
    const { status, headers, text } = await download(gateway, '/activity.csv')
    expect([status, headers.get('retry-after')]).toEqual([503, '2'])
    expect(text).toContain('UNAVAILABLE')
  })
})

it('a page of an origin that may reads it, after it asked', async () => {
  const gateway = await serveReal(database.store, viewers, { api: { corsOrigins: ['https://portal.example'] } })
  const origin = 'https://portal.example'
  const preflight = await fetch(`${gateway.url}/activity.csv`, { method: 'OPTIONS', headers: { origin } })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-origin')).toBe(origin)
  expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization')
  const read = await fetch(`${gateway.url}/activity.csv?from=${at(1)}`, { headers: { ...as(0).headers, origin } })
  expect([read.status, read.headers.get('access-control-allow-origin')]).toEqual([200, origin])
})
