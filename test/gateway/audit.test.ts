import { describe, expect, it, vi } from 'vitest'
import { actions } from '../../src/access/role.ts'
import { globalId } from '../../src/graphql/global-id.ts'
import { readCsv } from '../activity/download/support/read-csv.ts'
import { smallEstate, sshForAll, subscriptionId } from '../support/cloud-estate.ts'
import type { ApiClient } from './support/client.ts'
import { story } from './support/client.ts'
import { useWholeGateway } from './support/whole-gateway.ts'

const names = ['audited', 'held', 'refused']
const { estate, machine } = smallEstate(names.map((name) => ({ name, rules: sshForAll })))
const gateway = useWholeGateway(estate)

const id = (name: string) => globalId('VirtualMachine', machine(name).vmId)
const within = { timeout: 10_000, interval: 20 }
const passes = (name: string) =>
  gateway.simulator.packetPasses({ vmId: machine(name).vmId, source: '203.0.113.7', port: 22, protocol: 'TCP' }).passes

async function protect(name: string): Promise<void> {
  await vi.waitFor(async () => {
    const { enableJit } = await gateway.ada.ask(story('enable-jit-with-defaults'), { virtualMachines: [id(name)] })
    expect(enableJit.results[0].userErrors).toEqual([])
  }, within)
}

/** Asks for SSH to a machine, and waits until it is open and said to be. */
async function open(name: string, who: ApiClient, duration = 'PT10M'): Promise<string> {
  const { requestAccess } = await who.ask(
    `mutation ($vm: ID!, $duration: Duration!) { requestAccess(input: { targets: [{ virtualMachine: $vm, ports: [{ port: 22 }] }],
      sources: ["203.0.113.7"], duration: $duration, justification: "=HYPERLINK(1)" }) { grants { id } userErrors { message } } }`,
    { vm: id(name), duration },
  )
  expect(requestAccess.userErrors).toEqual([])
  const grant = requestAccess.grants[0].id as string
  await vi.waitFor(async () => {
    const answer = await who.ask('query ($id: ID!) { grant(id: $id) { state } }', { id: grant })
    expect(answer.grant.state).toBe('ACTIVE')
  }, within)
  expect(passes(name)).toBe(true)
  return grant
}

/** The rows of a download under the names of their columns. */
async function downloaded(who: ApiClient, query: string): Promise<Record<string, string>[]> {
  const response = await who.get(`/activity.csv${query}`)
  expect(response.status).toBe(200)
  const [header = [], ...rows] = readCsv(await response.text())
  return rows.map((row) => Object.fromEntries(header.map((name, place) => [name, row[place] ?? ''])))
}

describe('the activity log', () => {
  it('is downloaded with what happened at the cloud, joined to the log of the cloud itself', async () => {
    await protect('audited')
    const grant = await open('audited', gateway.ben)
    await gateway.ben.ask(story('release-grant'), { grant })
    await vi.waitFor(() => expect(passes('audited')).toBe(false), within)
    await vi.waitFor(async () => {
      const rows = await downloaded(gateway.cleo, `?virtualMachines=${id('audited')}&kinds=GRANT_CLOSED`)
      expect(rows).toHaveLength(1)
    }, within)

    const rows = await downloaded(gateway.cleo, `?virtualMachines=${id('audited')}&requesterIds=ben`)
    expect(rows.map((row) => [row['Operation name'], row['Status'], row['Event initiated by']])).toEqual([
      ['Initiate JIT Network Access Policy', 'Started', 'Ben, requester'],
      ['Grant opening', 'Started', 'Ben, requester'],
      ['Grant activated', 'Succeeded', 'JIT Gateway'],
      ['Grant closing', 'Started', 'Ben, requester'],
      ['Grant closed', 'Succeeded', 'JIT Gateway'],
    ])
    expect(rows[0]).toMatchObject({ Subscription: subscriptionId, Resource: machine('audited').vmId.toLowerCase() })
    const asked = await downloaded(gateway.cleo, '?kinds=ACCESS_REQUESTED&requesterIds=ben')
    expect(asked.at(-1)?.['Justification']).toBe("'=HYPERLINK(1)")
    const written = await downloaded(gateway.cleo, '?kinds=BOUNDARY_WRITTEN')
    expect(written.length).toBeGreaterThan(1)
    expect(written.every((row) => row['Correlation id'] !== '')).toBe(true)
  })

  it('shows a requester what they asked for, and roles to nobody who may not read them', async () => {
    const own = await downloaded(gateway.ben, '')
    expect(new Set(own.map((row) => row['Requester id']))).toEqual(new Set(['ben']))
    expect(await downloaded(gateway.cleo, '?kinds=ROLE_ASSIGNED')).toEqual([])
    expect((await downloaded(gateway.ada, '?kinds=ROLE_ASSIGNED')).length).toBeGreaterThan(2)
  })

  it('is told to nobody without a token', async () => {
    const response = await fetch(`${gateway.url}/activity.csv`)
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  })
})

describe('a role that somebody made', () => {
  it('lets its holder do what it allows, at its scope, until its end', async () => {
    await protect('held')
    const grant = await open('held', gateway.ada, 'PT3H')
    const scope = machine('held').vmId.toLowerCase()
    const input = { name: 'Revoker', scope, actions: [actions.readGrant, actions.revokeGrant] }
    const { createCustomRole } = await gateway.ada.ask(story('create-custom-role'), { input })
    const role = createCustomRole.role.id as string
    const revoke = async () => (await gateway.ben.ask(story('revoke-grant'), { grant })).revokeGrant.userErrors as any[]
    const access = async () =>
      (await gateway.ben.ask(story('explain-access'), { action: actions.revokeGrant, scope })).viewer.access
    expect(await revoke()).toMatchObject([{ code: 'NOT_FOUND' }])
    expect(await access()).toMatchObject({ allowed: false, missing: { roles: ['OPERATOR', 'POLICY_ADMIN'] } })

    const [row] = (await gateway.database.store.pool.query(`select gateway_now() + interval '1 hour' as at`)).rows
    const given = { principalKind: 'USER', principalId: 'ben', role, scope, endsAt: (row.at as Date).toISOString() }
    const { assignRole } = await gateway.ada.ask(story('assign-role'), given)
    expect(assignRole.userErrors).toEqual([])
    expect(await access()).toMatchObject({
      allowed: true,
      by: [{ role: 'Revoker', scope, assignmentId: assignRole.roleAssignment.id, endsAt: given.endsAt }],
    })
    await gateway.database.advance(3_600_000)
    expect(await revoke()).toMatchObject([{ code: 'NOT_FOUND' }])
    await vi.waitFor(async () => {
      const { activity } = await gateway.ada.ask(
        '{ activity(first: 1, filter: { kinds: [ROLE_EXPIRED] }) { nodes { actor { kind } ... on RoleActivity { role principalId } } } }',
      )
      expect(activity.nodes).toEqual([{ actor: { kind: 'GATEWAY' }, role: 'Revoker', principalId: 'ben' }])
    }, within)
    await gateway.ada.ask(story('assign-role'), { ...given, endsAt: null })
    expect(await revoke()).toEqual([])
  })
})

describe('an account', () => {
  const account = async () => {
    const { accounts } = await gateway.ada.ask(story('list-accounts'))
    return accounts.nodes.find(({ subscriptionId: one }: any) => one === subscriptionId)
  }

  it('says how its last sync went, and which permissions are missing', async () => {
    await vi.waitFor(async () => expect(await account()).toMatchObject({ status: 'CONNECTED' }), within)
    const path = /\/providers\/microsoft\.(network\/publicipaddresses|compute\/virtualmachines)$/
    const allow = gateway.simulator.misbehave.forbid('AuthorizationFailed', { path })
    const { id: accountId } = await account()
    await gateway.ada.ask(story('sync-account'), { account: accountId })
    await vi.waitFor(async () => {
      const { status, lastSyncError, missingPermissions } = await account()
      expect(status).toBe('FAILING')
      expect(missingPermissions).toHaveLength(2)
      for (const permission of missingPermissions) expect(lastSyncError).toContain(permission)
    }, within)
    allow()
    await gateway.ada.ask(story('sync-account'), { account: accountId })
    await vi.waitFor(async () => {
      expect(await account()).toMatchObject({ status: 'CONNECTED', lastSyncError: null, missingPermissions: [] })
    }, within)
  })

  it('of a subscription that the credential cannot see is told so', async () => {
    const unknown = 'c0ffee00-0000-4000-8000-000000000001'
    await gateway.ada.ask(story('register-account'), { subscriptionId: unknown, name: 'Not ours' })
    await vi.waitFor(async () => {
      const { accounts } = await gateway.ada.ask(story('list-accounts'))
      const found = accounts.nodes.find(({ subscriptionId: one }: any) => one === unknown)
      expect(found).toMatchObject({ status: 'FAILING', lastSyncedAt: null })
      expect(found.lastSyncError).toContain('cannot see this subscription')
    }, within)
  })
})

// The last of the file: by then everything that the gateway stores has been stored.
describe('credentials', () => {
  it('are in no table, nor has any a place for them', async () => {
    const { pool } = gateway.database.store
    const { rows: columns } = await pool.query<{ table: string; column: string; type: string }>(
      `select table_name as table, column_name as column, data_type as type from information_schema.columns
       where table_schema = 'public' order by 1, 2`,
    )
    expect(columns.length).toBeGreaterThan(100)
    const suspicious = /secret|token|password|credential|certificate|assertion|bearer|pem\b|private/i
    expect(columns.filter(({ column, type }) => suspicious.test(column) || type === 'bytea')).toEqual([])

    const tables = [...new Set(columns.map(({ table }) => table))]
    const dump: string[] = []
    for (const table of tables) {
      const { rows } = await pool.query<{ row: string }>(`select t::text as row from "${table}" t`)
      dump.push(...rows.map(({ row }) => row))
    }
    const all = dump.join('\n')
    // What is stored is there to be found.
    expect(all).toContain(machine('audited').vmId.toLowerCase())
    for (const secret of [gateway.simulator.token, ...gateway.simulator.token.split('.').filter((part) => part !== '')])
      expect(all).not.toContain(secret)
    expect(all).not.toMatch(/eyJ[\w-]{20,}\.[\w-]+\./)
  })
})
