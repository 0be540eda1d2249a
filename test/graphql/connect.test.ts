import { beforeAll, describe, expect, it } from 'vitest'
import { actions } from '../../src/access/role.ts'
import type { Viewer } from '../../src/access/viewer.ts'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { liftLockDown } from '../../src/commands/lift-lock-down.ts'
import { lockDown } from '../../src/commands/lock-down.ts'
import { requestAccess } from '../../src/commands/request-access.ts'
import { globalId } from '../../src/graphql/global-id.ts'
import { useDatabase } from '../support/database.ts'
import { ask } from './support/ask.ts'
import { person } from './support/context.ts'
import { machineId, machineKey, writeSmallEstate } from './support/small-estate.ts'

const database = useDatabase()
const admin = person('ada', 'POLICY_ADMIN')
const requester = person('rob', 'REQUESTER')
const reader = person('rita', 'READER')
const guarded = ['open', 'asked', 'elsewhere', 'narrow', 'six', 'locked']

beforeAll(async () => {
  const { store } = database
  await writeSmallEstate(store, ['bare', 'lost', ...guarded])
  const enable = (name: string, ports?: Parameters<typeof enableJit>[1]['ports']) =>
    enableJit({ store, viewer: admin }, { vmIds: [machineKey(name)], ...(ports === undefined ? {} : { ports }) })
  for (const name of ['open', 'asked', 'elsewhere', 'six', 'locked']) await enable(name)
  await enable('narrow', [
    { port: 22, allowedSources: ['203.0.113.0/24'], maximumDurationSeconds: 3_600 },
    { port: 5_432, allowedSources: ['10.0.0.0/8'], maximumDurationSeconds: 7_200 },
    { port: 53, protocol: 'ANY', maximumDurationSeconds: 1_800 },
  ])
  await store.pool.query(`update virtual_machine_interfaces set addresses = '{fd00::4}' where vm_id = $1`, [
    machineKey('six'),
  ])
  await store.pool.query('update virtual_machines set gone_at = gateway_now() where id = $1', [machineKey('lost')])
})

const document = `query ($id: ID!) { virtualMachine(id: $id) { connect {
  nextStep missing { action roles } source sourceUnknown maximumDuration policy { version }
  ports { policyPort { port protocol allowedSources maximumDuration } sourceAllowed held { id state } } } } }`
const connect = async (name: string, viewer: Viewer) =>
  (await ask<any>(database.store, viewer, document, { id: machineId(name) })).virtualMachine.connect

/** A grant to a port of a machine, in a state of its life. */
async function grantTo(name: string, viewer: Viewer, port: number, state: 'OPENING' | 'ACTIVE' | 'CLOSED') {
  const { store } = database
  const targets = [{ vmId: machineKey(name), ports: [{ port }] }]
  const { grantIds } = await requestAccess({ store, viewer }, { targets, durationSeconds: 600 })
  const id = grantIds[0] ?? ''
  const steps = {
    OPENING: [],
    ACTIVE: [`state = 'ACTIVE', activated_at = gateway_now(), ends_at = gateway_now() + interval '10 minutes'`],
    CLOSED: [
      `state = 'CLOSING', closing_at = gateway_now(), end_reason = 'RELEASED'`,
      `state = 'CLOSED', closed_at = gateway_now()`,
    ],
  }
  for (const step of steps[state]) await store.pool.query(`update grants set ${step} where id = $1`, [id])
  return globalId('Grant', id)
}

describe('connecting to a machine that is not guarded', () => {
  it('begins with enabling JIT, for who may', async () => {
    expect(await connect('bare', admin)).toMatchObject({
      nextStep: 'ENABLE_JIT',
      missing: null,
      ports: [],
      policy: null,
      maximumDuration: null,
      source: '203.0.113.7/32',
    })
  })

  it('begins with asking somebody who may enable it, for others: it says what they lack, and which roles have it', async () => {
    expect(await connect('bare', requester)).toMatchObject({
      nextStep: 'ASK_TO_ENABLE_JIT',
      missing: { action: actions.writePolicy, roles: ['POLICY_ADMIN'] },
    })
  })

  it('comes to nothing when it cannot be guarded, or is gone', async () => {
    expect(await connect('relic', admin)).toMatchObject({ nextStep: 'UNSUPPORTED', missing: null })
    expect(await connect('lost', admin)).toMatchObject({ nextStep: 'GONE', missing: null })
  })
})

describe('connecting to a guarded machine', () => {
  it('begins with asking for a port, prefilled with what the policy says and where the viewer is', async () => {
    expect(await connect('narrow', requester)).toEqual({
      nextStep: 'REQUEST_ACCESS',
      missing: null,
      source: '203.0.113.7/32',
      sourceUnknown: null,
      maximumDuration: 'PT30M',
      policy: { version: 1 },
      ports: [
        {
          policyPort: { port: 22, protocol: 'TCP', allowedSources: ['203.0.113.0/24'], maximumDuration: 'PT1H' },
          sourceAllowed: true,
          held: null,
        },
        {
          policyPort: { port: 53, protocol: 'ANY', allowedSources: ['0.0.0.0/0', '::/0'], maximumDuration: 'PT30M' },
          sourceAllowed: true,
          held: null,
        },
        {
          policyPort: { port: 5_432, protocol: 'TCP', allowedSources: ['10.0.0.0/8'], maximumDuration: 'PT2H' },
          sourceAllowed: false,
          held: null,
        },
      ],
    })
  })

  it('begins with asking for a role, for who may only look', async () => {
    expect(await connect('narrow', reader)).toMatchObject({
      nextStep: 'ASK_TO_REQUEST',
      missing: { action: actions.requestAccess, roles: ['REQUESTER', 'OPERATOR', 'POLICY_ADMIN'] },
      ports: [{ sourceAllowed: true }, {}, {}],
    })
  })

  it('goes on with what the viewer holds already, and with nothing that others hold or that is over', async () => {
    await grantTo('elsewhere', admin, 22, 'ACTIVE')
    await grantTo('elsewhere', requester, 22, 'CLOSED')
    expect(await connect('elsewhere', requester)).toMatchObject({ nextStep: 'REQUEST_ACCESS', ports: [{ held: null }] })

    const asked = await grantTo('asked', requester, 22, 'OPENING')
    expect(await connect('asked', requester)).toMatchObject({
      nextStep: 'WAIT',
      ports: [{ held: { id: asked, state: 'OPENING' } }],
    })
    const open = await grantTo('asked', requester, 22, 'ACTIVE')
    await grantTo('asked', requester, 22, 'OPENING')
    expect(await connect('asked', requester)).toMatchObject({
      nextStep: 'CONNECT',
      ports: [{ held: { id: open, state: 'ACTIVE' } }],
    })
  })

  it('waits for a lockdown to be lifted, but for whom a port is open past it', async () => {
    const { store } = database
    const context = { store, viewer: admin }
    const { id } = await lockDown(context, { scope: machineKey('locked'), reason: 'a drill' })
    expect(await connect('locked', requester)).toMatchObject({ nextStep: 'LOCKED_DOWN', missing: null })
    const targets = [{ vmId: machineKey('locked'), ports: [{ port: 22 }] }]
    const past = await requestAccess(context, { targets, justification: 'an emergency', breakGlass: true })
    expect(past.userErrors).toEqual([])
    expect([(await connect('locked', admin)).nextStep, (await connect('locked', requester)).nextStep]).toEqual([
      'WAIT',
      'LOCKED_DOWN',
    ])
    await liftLockDown(context, { lockdownId: id ?? '' })
    expect(await connect('locked', requester)).toMatchObject({ nextStep: 'REQUEST_ACCESS' })
  })

  it('prefills no source that cannot be told, or that no address of the machine could be reached from', async () => {
    const nowhere = { ...requester, address: null }
    expect(await connect('open', nowhere)).toMatchObject({
      nextStep: 'REQUEST_ACCESS',
      source: null,
      sourceUnknown: 'ADDRESS_NOT_TOLD',
      ports: [{ sourceAllowed: false }],
    })
    expect(await connect('six', requester)).toMatchObject({
      source: null,
      sourceUnknown: 'OTHER_FAMILY',
      ports: [{ sourceAllowed: false }],
    })
    const six = { ...requester, address: '2001:db8:0:0::7' }
    expect(await connect('six', six)).toMatchObject({
      source: '2001:db8::7/128',
      sourceUnknown: null,
      ports: [{ sourceAllowed: true }],
    })
  })

  it('prefills just what the verb takes', async () => {
    const { store } = database
    const { source, ports, maximumDuration } = await connect('open', requester)
    const verb = `mutation ($vm: ID!, $ports: [AccessPortInput!]!, $sources: [CIDR!], $duration: Duration) {
      requestAccess(input: { targets: [{ virtualMachine: $vm, ports: $ports }], sources: $sources, duration: $duration }) {
        grants { port sources duration } userErrors { message } } }`
    const { requestAccess: answer } = await ask<any>(store, requester, verb, {
      vm: machineId('open'),
      ports: ports.map(({ policyPort: { port, protocol } }: any) => ({ port, protocol })),
      sources: [source],
      duration: maximumDuration,
    })
    expect(answer).toEqual({
      grants: [{ port: 22, sources: ['203.0.113.7/32'], duration: 'PT3H' }],
      userErrors: [],
    })
  })
})
