import { describe, expect, it } from 'vitest'
import { disableJit } from '../../src/commands/disable-jit.ts'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { requestAccess, type RequestAccessInput } from '../../src/commands/request-access.ts'
import { useDatabase } from '../support/database.ts'
import {
  account,
  admin,
  boundaryId,
  group,
  home,
  person,
  protect,
  requester,
  vmId,
  writeMachines,
} from './support/estate.ts'
import { beginByHand, refuseWrites, waiting } from './support/interleave.ts'
import { dueOf, endOfLog, everything, factsAfter, grantOf, rows, told } from './support/look.ts'

const database = useDatabase()
const ask = (name: string, more: Partial<RequestAccessInput> = {}, viewer = requester) =>
  requestAccess(
    { store: database.store, viewer },
    { targets: [{ vmId: vmId(name), ports: [{ port: 22 }] }], durationSeconds: 600, ...more },
  )
const grantsOf = (name: string) =>
  rows<{ state: string }>(database.store, 'select state from grants where vm_id = $1', [vmId(name)])

describe('a request that is granted', () => {
  it('leaves a request, its grants, their facts and boundaries to look at', async () => {
    const { store } = database
    await protect(store, 'web', [{ port: 22 }, { port: 5985 }], { boundary: 'whole' })
    const [end, due] = [await endOfLog(store), await dueOf(store, boundaryId('whole'))]
    const targets = [{ vmId: vmId('WEB').toUpperCase(), ports: [{ port: 22 }, { port: 5985 }] }]
    const { requestId, grantIds } = await ask('web', { targets, justification: ' deploy ' })

    expect(await rows(store, 'select * from requests where id = $1', [requestId])).toMatchObject([
      {
        requester_kind: 'PERSON',
        requester_id: 'rob',
        requester_name: 'rob',
        justification: 'deploy',
        status: 'APPROVED',
      },
    ])
    const [ssh] = await Promise.all(grantIds.map((id) => grantOf(store, id)))
    expect(ssh).toMatchObject({ request_id: requestId, requester_id: 'rob', port: 22, state: 'OPENING' })
    // Ten minutes to be proven open; the window begins then.
    const after = (moment: Date | undefined) => (moment?.getTime() ?? 0) - (ssh?.requested_at.getTime() ?? 0)
    expect(after(ssh?.open_by)).toBe(600_000)
    expect(after(ssh?.latest_end)).toBe(1_200_000)

    const facts = await factsAfter(store, end)
    const place = { vm_id: vmId('web'), account_id: account, resource_group_id: group }
    const common = { actor_id: 'rob', requester_id: 'rob', request_id: requestId }
    expect(facts).toMatchObject([
      { kind: 'AccessRequested', ...common, detail: { justification: 'deploy', grants: 2 } },
      { kind: 'GrantOpening', ...common, ...place, grant_id: grantIds[0], detail: { port: 22 } },
      { kind: 'GrantOpening', ...common, ...place, grant_id: grantIds[1], detail: { port: 5985 } },
    ])
    const [snapshot] = await rows<{ was: object }>(
      store,
      'select grant_snapshot(g) as was from grants g where id = $1',
      [grantIds[0]],
    )
    expect(facts[1]?.detail).toEqual(snapshot?.was)
    expect(await dueOf(store, boundaryId('whole'))).toEqual({ times: due.times + 1, urgent: false })
  })

  it.each(['requests', 'grants', 'activities', 'boundary_reconciles'])(
    'leaves nothing at all when writing to %s fails',
    async (table) => {
      await protect(database.store, `torn-${table}`, [{ port: 22 }], { boundary: table })
      await database.store.pool.query('delete from boundary_reconciles where boundary_id = $1', [boundaryId(table)])
      const before = await everything(database.store)
      await refuseWrites(database.store, table, 'insert')
      await expect(ask(`torn-${table}`, { idempotencyKey: table })).rejects.toThrow()
      expect(await everything(database.store)).toEqual(before)
    },
  )
})

describe('a request of which nothing is permitted', () => {
  it('leaves nothing, not even its key', async () => {
    await protect(database.store, 'strict', [{ port: 22, maximumDurationSeconds: 300 }])
    const before = await everything(database.store)
    const input = { idempotencyKey: 'strict' }
    expect(await ask('strict', input)).toMatchObject({ requestId: null, userErrors: [{ constraint: 'DURATION' }] })
    expect(await everything(database.store)).toEqual(before)
    const again = await ask('strict', { ...input, durationSeconds: 300 })
    expect(again).toMatchObject({ requestId: expect.any(String), userErrors: [] })
  })
})

describe('a request with an idempotency key', () => {
  it('gives the first answer again, with what was refused, however the policy has changed meanwhile', async () => {
    await protect(database.store, 'keyed')
    const ports = [{ port: 22 }, { port: 23 }]
    const input = { targets: [{ vmId: vmId('keyed'), ports }], idempotencyKey: 'keyed' }
    const first = await ask('keyed', input)
    expect(first).toMatchObject({ requestId: expect.any(String), userErrors: [{ constraint: 'PORT' }] })
    await disableJit({ store: database.store, viewer: admin }, { vmIds: [vmId('keyed')] })
    const before = await everything(database.store)
    expect(await ask('keyed', input)).toEqual(first)
    expect(await everything(database.store)).toEqual(before)
  })

  it('gives the first answer again also when the end that was asked has passed', async () => {
    await protect(database.store, 'ended')
    const input = { durationSeconds: null, endsAt: new Date(Date.now() + 60_000), idempotencyKey: 'ended' }
    const first = await ask('ended', input)
    expect(first.userErrors).toEqual([])
    await database.advance(120_000)
    expect(await ask('ended', input)).toEqual(first)
  })

  it('is a conflict when the key was used with another input, or would be for another address', async () => {
    await protect(database.store, 'body')
    await ask('body', { idempotencyKey: 'body' })
    const roaming = person('rob', 'REQUESTER', '/', '198.51.100.9')
    for (const again of [
      await ask('body', { idempotencyKey: 'body', durationSeconds: 601 }),
      await ask('body', { idempotencyKey: 'body' }, roaming),
    ])
      expect(again).toMatchObject({ requestId: null, userErrors: [{ code: 'CONFLICT', field: ['idempotencyKey'] }] })
    expect(await grantsOf('body')).toHaveLength(1)
  })

  it('keeps the keys of each actor apart, and of each verb', async () => {
    await writeMachines(database.store, ['apart'])
    const idempotencyKey = 'apart'
    await enableJit({ store: database.store, viewer: admin }, { vmIds: [vmId('apart')], idempotencyKey })
    const viewers = [admin, requester, person('rita', 'REQUESTER')]
    const answers = await Promise.all(viewers.map((viewer) => ask('apart', { idempotencyKey }, viewer)))
    expect(answers.flatMap(({ userErrors }) => userErrors)).toEqual([])
    expect(await grantsOf('apart')).toHaveLength(3)
    expect(await Promise.all(viewers.map((viewer) => ask('apart', { idempotencyKey }, viewer)))).toEqual(answers)
  })

  it('is written once when two calls with one key run at the same time', async () => {
    await protect(database.store, 'twins')
    const byHand = await beginByHand(database.store)
    await byHand.query('lock table requests in share mode')
    const calls = [ask('twins', { idempotencyKey: 'twins' }), ask('twins', { idempotencyKey: 'twins' })]
    await waiting(database.store, 2)
    await byHand.query('commit')
    const [one, other] = await Promise.all(calls)
    expect(one?.grantIds).toHaveLength(1)
    expect(other).toEqual(one)
    expect(await grantsOf('twins')).toHaveLength(1)
  })

  it('is written by the second of two calls when the first fails', async () => {
    await protect(database.store, 'second')
    const byHand = await beginByHand(database.store)
    await byHand.query(
      `insert into idempotency_keys (actor_id, verb, key, body_hash, answer, used_at)
       values ('rob', 'requestAccess', 'second', 'of the first', 'null', gateway_now())`,
    )
    const second = ask('second', { idempotencyKey: 'second' })
    await waiting(database.store)
    await byHand.query('rollback')
    expect((await second).grantIds).toHaveLength(1)
  })
})

describe('a request while the policy changes', () => {
  const disable = 'update policies set disabled_at = gateway_now() where vm_id = $1'

  it('gets nothing when the policy is disabled before it is read', async () => {
    await protect(database.store, 'lost')
    const byHand = await beginByHand(database.store)
    await byHand.query(disable, [vmId('lost')])
    const asked = ask('lost')
    await waiting(database.store)
    await byHand.query('commit')
    expect(told((await asked).userErrors)).toEqual(['CONFLICT at targets.0.virtualMachine'])
    expect(await grantsOf('lost')).toEqual([])
  })

  it('is judged by the ports that the policy has once it is held', async () => {
    const policyId = await protect(database.store, 'narrowed')
    const byHand = await beginByHand(database.store)
    await byHand.query('select 1 from policies where id = $1 for no key update', [policyId])
    await byHand.query('update policy_ports set maximum_duration_seconds = 300 where policy_id = $1', [policyId])
    const asked = ask('narrowed')
    await waiting(database.store)
    await byHand.query('commit')
    expect((await asked).userErrors).toMatchObject([{ constraint: 'DURATION', allowed: ['PT5M'] }])
  })

  it('is seen by whoever disables the policy meanwhile: its grants end', async () => {
    await protect(database.store, 'won')
    const byHand = await beginByHand(database.store)
    await byHand.query('lock table requests in share mode')
    const asked = ask('won')
    await waiting(database.store)
    const disabled = disableJit({ store: database.store, viewer: admin }, { vmIds: [vmId('won')] })
    await waiting(database.store, 2)
    await byHand.query('commit')
    expect((await asked).grantIds).toHaveLength(1)
    expect((await disabled).results).toMatchObject([{ userErrors: [] }])
    expect(await grantsOf('won')).toEqual([{ state: 'CLOSING' }])
  })

  it('holds up no other request', async () => {
    const policyId = await protect(database.store, 'shared')
    const byHand = await beginByHand(database.store)
    await byHand.query('select 1 from policies where id = $1 for share', [policyId])
    expect((await ask('shared')).grantIds).toHaveLength(1)
  })

  it('holds up nobody when whoever asks may not', async () => {
    const policyId = await protect(database.store, 'guarded')
    const byHand = await beginByHand(database.store)
    await byHand.query('select 1 from policies where id = $1 for update', [policyId])
    expect(told((await ask('guarded', {}, person('rae', 'READER'))).userErrors)).toEqual([
      'NOT_PERMITTED at targets.0.virtualMachine',
    ])
  })
})

it('never leaves a live grant of a disabled policy, however requests and disabling meet', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `storm-${index}`)
  for (const name of names) await protect(database.store, name)
  const vmIds = names.map((name) => vmId(name))
  const asked = names.map((name) => ask(name, { sources: [home] }))
  const disabled = disableJit({ store: database.store, viewer: admin }, { vmIds })
  await Promise.all([...asked, disabled, ...names.map((name) => ask(name, { sources: [home] }))])
  const live = await rows(
    database.store,
    `select g.id from grants g join policies p using (vm_id)
     where p.disabled_at is not null and g.state in ('OPENING', 'ACTIVE') and g.vm_id = any($1)`,
    [vmIds],
  )
  expect(live).toEqual([])
})
