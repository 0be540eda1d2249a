import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { actions, roleNames } from '../../src/access/role.ts'
import { may, type RoleHeld, type Viewer } from '../../src/access/viewer.ts'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { extendGrant } from '../../src/commands/extend-grant.ts'
import { requestAccess } from '../../src/commands/request-access.ts'
import { globalId } from '../../src/graphql/global-id.ts'
import { useDatabase } from '../support/database.ts'
import { ask } from './support/ask.ts'
import { person } from './support/context.ts'
import { writePast } from './support/past-grants.ts'
import { machineId, machineKey, writeSmallEstate } from './support/small-estate.ts'
import { accounts, grants, machines, writeTwoAccounts } from './support/two-accounts.ts'

const ada = person('ada', 'POLICY_ADMIN')
const fields = 'accessRequestsLast7Days lastAccess { at by { kind id } grant { id } }'
const days = 86_400

const machineOf =
  (database: ReturnType<typeof useDatabase>) =>
  async (name: string, viewer: Viewer = ada) => {
    const query = `query ($id: ID!) { virtualMachine(id: $id) { ${fields} } }`
    return (await ask<any>(database.store, viewer, query, { id: machineId(name) })).virtualMachine
  }

describe('the requests of the last 7 days', () => {
  const database = useDatabase()
  const show = machineOf(database)
  const count = async (name: string, viewer?: Viewer): Promise<number> =>
    (await show(name, viewer)).accessRequestsLast7Days
  beforeAll(() => writeSmallEstate(database.store, ['busy', 'calm', 'extended', 'asked', 'edge']))

  it('are none where nobody ever asked', async () => {
    expect(await show('calm')).toEqual({ accessRequestsLast7Days: 0, lastAccess: null })
  })

  it('count each approved request once, however many ports it names, and none that was refused', async () => {
    const { store } = database
    await enableJit({ store, viewer: ada }, { vmIds: [machineKey('busy')], ports: [{ port: 22 }, { port: 443 }] })
    const ports = [{ port: 22 }, { port: 443 }]
    const targets = [{ vmId: machineKey('busy'), ports }]
    await requestAccess({ store, viewer: ada }, { targets, durationSeconds: 600 })
    expect(await count('busy')).toBe(1)
    await requestAccess({ store, viewer: ada }, { targets, durationSeconds: 100_000 })
    expect(await count('busy')).toBe(1)
    await requestAccess({ store, viewer: person('rob', 'REQUESTER') }, { targets, durationSeconds: 600 })
    expect(await count('busy')).toBe(2)
  })

  it('count what was asked for once, however often its grant was extended', async () => {
    const { store } = database
    const rob = { store, viewer: person('rob', 'REQUESTER') }
    await enableJit({ store, viewer: ada }, { vmIds: [machineKey('extended')] })
    const targets = [{ vmId: machineKey('extended'), ports: [{ port: 22 }] }]
    const { grantIds } = await requestAccess(rob, { targets, durationSeconds: 600 })
    await store.pool.query(
      `update grants set state = 'ACTIVE', activated_at = gateway_now(), ends_at = gateway_now() + interval '10 minutes'
       where id = $1`,
      [grantIds[0]],
    )
    for (const durationSeconds of [1_200, 1_800])
      expect(await extendGrant(rob, { grantId: grantIds[0] ?? '', durationSeconds })).toMatchObject({ userErrors: [] })
    const { rows } = await store.pool.query(`select count(*)::int as made from requests r
      where exists (select from requested_ports p where p.request_id = r.id and p.vm_id = '${machineKey('extended')}')`)
    expect(rows).toEqual([{ made: 3 }])
    expect(await count('extended')).toBe(1)
  })

  it('leave out what waits for an approver, and what was denied', async () => {
    for (const status of ['PENDING_APPROVAL', 'DENIED', 'WITHDRAWN', 'LAPSED'] as const)
      await writePast(database.store, { machine: 'asked', by: 'rob', asked: 60, status })
    expect(await count('asked')).toBe(0)
  })

  it('are those since seven times 24 hours ago, by the clock of the database', async () => {
    await writePast(database.store, { machine: 'edge', by: 'rob', asked: 7 * days - 60, activated: 7 * days - 90 })
    await writePast(database.store, { machine: 'edge', by: 'rob', asked: 7 * days + 1 })
    expect(await count('edge')).toBe(1)
    await database.advance(61_000)
    expect(await count('edge')).toBe(0)
  })
})

describe('the last access', () => {
  const database = useDatabase()
  const show = machineOf(database)
  beforeAll(() => writeSmallEstate(database.store, ['asked', 'often', 'together', 'closed']))

  it('is null as long as no port was proven open, whoever asked', async () => {
    await writePast(database.store, { machine: 'asked', by: 'rob', asked: 60 })
    expect((await show('asked')).lastAccess).toBeNull()
  })

  it('is the one that was opened last, and not the one that was asked for last', async () => {
    const { store } = database
    const [late] = await writePast(store, { machine: 'often', by: 'rita', asked: 900, activated: 30 })
    await writePast(store, { machine: 'often', by: 'rob', asked: 600, activated: 590 })
    await writePast(store, { machine: 'often', by: 'rob', asked: 10 })
    const { lastAccess } = await show('often')
    expect(lastAccess).toMatchObject({
      by: { kind: 'PROGRAM', id: 'rita' },
      grant: { id: globalId('Grant', late ?? '') },
    })
    const { rows } = await store.pool.query<{ at: Date }>('select activated_at as at from grants where id = $1', [late])
    expect(lastAccess.at).toBe(rows[0]?.at.toISOString())
  })

  it('is always the same one of several that were opened at one moment', async () => {
    const { store } = database
    const ids = await writePast(store, {
      machine: 'together',
      by: 'rob',
      asked: 60,
      activated: 50,
      ports: [22, 80, 443],
    })
    await store.pool.query(`update grants set activated_at = '2026-11-24T11:31:55.123Z' where id = any($1::uuid[])`, [
      ids,
    ])
    expect((await show('together')).lastAccess.grant.id).toBe(globalId('Grant', ids.toSorted().at(-1) ?? ''))
  })

  it('remains when the port is closed again', async () => {
    const { store } = database
    const [id] = await writePast(store, { machine: 'closed', by: 'rob', asked: 60, activated: 50 })
    const before = await show('closed')
    for (const [state, more] of [
      ['CLOSING', `, end_reason = 'RELEASED', closing_at = gateway_now()`],
      ['CLOSED', ', closed_at = gateway_now()'],
    ])
      await store.pool.query(`update grants set state = '${String(state)}'${String(more)} where id = $1`, [id])
    expect(before.lastAccess).not.toBeNull()
    expect(await show('closed')).toEqual(before)
  })
})

describe('whatever roles a viewer holds', () => {
  const database = useDatabase()
  /** When each grant was proven open: the first of each machine is rita's and the later one, and of some neither was. */
  const opened = new Map<string, Date>()
  beforeAll(async () => {
    await writeTwoAccounts(database.store)
    for (const [n, { id, machine }] of grants.entries()) {
      if (machines.indexOf(machine) % 3 === 2) continue
      const at = new Date(Date.UTC(2026, 10, 24, 12, machines.indexOf(machine), n % 2 === 0 ? 30 : 10))
      opened.set(id, at)
      await database.store.pool.query(`update grants set state = 'ACTIVE', activated_at = $2 where id = $1`, [id, at])
    }
  })

  const scopes = [
    '/',
    ...accounts.map((id) => `/subscriptions/${id}`),
    ...machines.flatMap(({ id, group }) => [id, group]),
  ]
  const viewers = fc.record({
    id: fc.constantFrom('rita', 'rob', 'stranger'),
    rolesHeld: fc.array(
      fc.record({ role: fc.constantFrom(...roleNames), scope: fc.constantFrom(...scopes) }) as fc.Arbitrary<RoleHeld>,
      { maxLength: 4 },
    ),
  })

  it('a machine shows what its visible grants show, and filters by last access tell no more', async () => {
    const document = `query ($since: DateTime) {
      all: virtualMachines(first: 100) { nodes { id ${fields} } }
      since: virtualMachines(first: 100, filter: { accessedSince: $since }) { nodes { id } }
      notSince: virtualMachines(first: 100, filter: { notAccessedSince: $since }) { nodes { id } }
    }`
    const someMoment = fc.constantFrom(...machines.keys()).map((n) => new Date(Date.UTC(2026, 10, 24, 12, n, 20)))
    await fc.assert(
      fc.asyncProperty(viewers, someMoment, async ({ id, rolesHeld }, since) => {
        const viewer: Viewer = {
          groups: [],
          appRoles: [],
          actor: { kind: 'PERSON', id, name: id },
          rolesHeld,
          address: null,
        }
        const shown = await ask<any>(database.store, viewer, document, { since })
        const used: string[] = []
        for (const { id: machine, accessRequestsLast7Days, lastAccess } of shown.all.nodes) {
          const visible = grants.filter(
            (grant) =>
              globalId('VirtualMachine', grant.machine.id) === machine &&
              (grant.requester === id || may(viewer, actions.readGrant, grant.machine.id)),
          )
          expect(accessRequestsLast7Days).toBe(visible.length)
          const [last] = visible
            .flatMap((grant) => ({ grant, at: opened.get(grant.id)?.toISOString() ?? '' }))
            .filter(({ at }) => at !== '')
            .toSorted((left, right) => right.at.localeCompare(left.at))
          expect(lastAccess).toEqual(
            last === undefined
              ? null
              : {
                  at: last.at,
                  by: { kind: 'PERSON', id: last.grant.requester },
                  grant: { id: globalId('Grant', last.grant.id) },
                },
          )
          if (last !== undefined && last.at >= since.toISOString()) used.push(machine)
        }
        const idsOf = ({ nodes }: { nodes: { id: string }[] }) => nodes.map((node) => node.id)
        expect(idsOf(shown.since).toSorted()).toEqual(used.toSorted())
        expect(idsOf(shown.notSince)).toEqual(idsOf(shown.all).filter((machine) => !used.includes(machine)))
      }),
      { numRuns: 80 },
    )
  })
})
