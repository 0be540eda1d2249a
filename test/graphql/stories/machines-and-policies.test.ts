import { describe, expect, test } from 'vitest'
import { enableJit } from '../../../src/commands/enable-jit.ts'
import { lookFor } from '../../../src/firewall/look.ts'
import { recordOpenPorts } from '../../../src/store/open-ports/record.ts'
import * as estate from '../support/small-estate.ts'
import { admin, requester, useTeller } from './support/teller.ts'

const { machineId, machineKey } = estate
const { database, tell, grantTo } = useTeller()

describe('machines and policies', () => {
  test('machines are listed with their JIT status', async () => {
    const { virtualMachines, virtualMachineCounts } = await tell('list-virtual-machines', {
      filter: { search: 'relic', jitStatus: ['UNSUPPORTED'] },
    })
    expect(virtualMachines.totalCount).toBe(1)
    expect(virtualMachines.nodes[0]).toMatchObject({
      name: 'relic',
      jitStatus: 'UNSUPPORTED',
      unsupportedReason: 'CLASSIC',
    })
    expect(virtualMachineCounts).toEqual({ configured: 0, notConfigured: 0, unsupported: 1 })
  })

  test('machines without JIT are listed with what is open of them to anybody, and what to protect', async () => {
    await database.store.db.transaction((tx) =>
      recordOpenPorts(tx, [machineKey('web-18'), machineKey('desk')], lookFor),
    )
    const { virtualMachines } = await tell('not-configured-virtual-machines', { first: 50 })
    const named = (name: string) => virtualMachines.nodes.find((node: { name: string }) => node.name === name)
    const open = {
      first: 22,
      last: 22,
      protocol: 'TCP',
      managementPorts: [22],
      rules: [{ ruleName: 'allow-ssh', boundary: { name: 'front' } }],
    }
    expect(named('web-18')).toMatchObject({
      openPorts: [open],
      recommendation: { reason: 'OPEN_TO_ANY_SOURCE', ports: [{ port: 22, openToAnySource: true }] },
      viewerCanConfigureJit: true,
    })
    // Windows does not answer at the port of SSH.
    expect(named('desk')).toMatchObject({
      openPorts: [open],
      recommendation: {
        reason: 'NOT_GUARDED',
        ports: [3_389, 5_985, 5_986].map((port) => ({ port, openToAnySource: false })),
      },
    })
    expect(named('relic')).toBeUndefined()
    const { virtualMachines: exposed } = await tell('not-configured-virtual-machines', { exposed: true })
    expect(exposed.nodes).toMatchObject([{ name: 'web-18' }])
  })

  test('machines that cannot have JIT are listed with the cause and its cure', async () => {
    const { virtualMachines } = await tell('unsupported-virtual-machines', { reasons: ['CLASSIC'] })
    expect(virtualMachines.nodes).toMatchObject([
      {
        name: 'relic',
        unsupported: {
          reason: 'CLASSIC',
          cause: expect.stringMatching(/classic/),
          cure: expect.stringMatching(/^Migrate/),
        },
      },
    ])
    expect(await tell('unsupported-virtual-machines', { reasons: ['NO_PRIVATE_ADDRESS'] })).toMatchObject({
      virtualMachines: { totalCount: 0 },
    })
  })

  test('the connect page says what can be asked for now, and what comes first', async () => {
    const id = machineId('web-19')
    expect(await tell('connect-to-virtual-machine', { id })).toMatchObject({
      virtualMachine: { connect: { nextStep: 'ENABLE_JIT', missing: null, ports: [], maximumDuration: null } },
    })
    await enableJit({ store: database.store, viewer: admin }, { vmIds: [machineKey('web-19')] })
    expect(await tell('connect-to-virtual-machine', { id }, requester)).toMatchObject({
      virtualMachine: {
        connect: {
          nextStep: 'REQUEST_ACCESS',
          source: '203.0.113.7/32',
          sourceUnknown: null,
          maximumDuration: 'PT3H',
          ports: [
            { policyPort: { port: 22, protocol: 'TCP', maximumDuration: 'PT3H' }, sourceAllowed: true, held: null },
          ],
        },
      },
    })
  })

  test('JIT is enabled with the default port of each system', async () => {
    const { enableJit } = await tell('enable-jit-with-defaults', {
      virtualMachines: [machineId('web-0'), machineId('desk'), machineId('relic')],
    })
    const [web, desk, relic] = enableJit.results
    expect(web.virtualMachine).toMatchObject({ name: 'web-0', jitStatus: 'CONFIGURED' })
    expect(web.policy.ports).toEqual([
      { port: 22, protocol: 'TCP', allowedSources: ['0.0.0.0/0', '::/0'], maximumDuration: 'PT3H' },
    ])
    expect(desk.policy.ports).toMatchObject([{ port: 3389 }])
    expect(relic).toMatchObject({ policy: null, userErrors: [{ code: 'CONFLICT', field: ['virtualMachines', '2'] }] })
  })

  test('the machines under JIT are listed with who came last, how often access was asked for, and what to connect to', async () => {
    await grantTo('web-14')
    const listed = async () => {
      const { virtualMachines } = await tell('configured-virtual-machines', { first: 100 })
      return virtualMachines.nodes.find(({ name }: { name: string }) => name === 'web-14')
    }
    expect(await listed()).toMatchObject({
      accessRequestsLast7Days: 1,
      lastAccess: null,
      addresses: ['10.0.0.4'],
      adminUserName: null,
      policy: { ports: [{ port: 22, protocol: 'TCP' }] },
      guardedBy: 'NETWORK_SECURITY_GROUP',
    })
    await database.store.pool.query(
      `update grants set state = 'ACTIVE', activated_at = '2026-11-24T11:31:55.123Z' where vm_id = $1`,
      [machineKey('web-14')],
    )
    expect(await listed()).toMatchObject({
      lastAccess: { at: '2026-11-24T11:31:55.123Z', by: { kind: 'PERSON', name: 'rob' }, grant: { port: 22 } },
    })
  })

  test('JIT is enabled with ports of your own, once for a key', async () => {
    const variables = {
      virtualMachines: [machineId('web-1')],
      ports: [
        { port: 8443, allowedSources: ['10.0.0.0/8'], maximumDuration: 'PT30M' },
        { port: 53, protocol: 'UDP' },
      ],
      idempotencyKey: 'own ports',
    }
    const first = await tell('enable-jit-with-own-ports', variables)
    expect(first.enableJit.results[0].policy.ports).toMatchObject([
      { port: 53, protocol: 'UDP', maximumDuration: 'PT3H' },
      { port: 8443, protocol: 'TCP', allowedSources: ['10.0.0.0/8'], maximumDuration: 'PT30M' },
    ])
    expect(await tell('enable-jit-with-own-ports', variables)).toEqual(first)
  })

  test('a policy is listed, shown, edited and disabled', async () => {
    const { policy, grant } = await grantTo('web-2')
    const { policies } = await tell('list-policies', { first: 1 })
    expect(policies.nodes).toMatchObject([{ id: policy, viewerCanUpdate: true, virtualMachine: { name: 'web-2' } }])

    const edited = await tell('edit-policy', {
      policies: [policy],
      setPorts: [{ port: 5432 }],
      removePorts: [{ port: 22 }],
    })
    expect(edited.updatePolicy.results[0].policy).toMatchObject({ version: 2, ports: [{ port: 5432 }] })
    const closed = await tell('close-foreign-rules', { policies: [policy] })
    expect(closed.updatePolicy.results[0].policy).toMatchObject({ id: policy, closesForeignRules: true })
    expect(await tell('show-grant', { id: grant })).toMatchObject({
      grant: { state: 'CLOSING', endReason: 'POLICY_CHANGED' },
    })

    const disabled = await tell('disable-jit', { virtualMachines: [machineId('web-2')] })
    expect(disabled.disableJit.results[0]).toMatchObject({
      virtualMachine: { jitStatus: 'NOT_CONFIGURED' },
      policy: { id: policy, disabledAt: expect.any(String) },
    })
    expect(await tell('show-policy', { id: policy })).toMatchObject({ policy: { viewerCanUpdate: false, version: 3 } })
  })

  test('protected ports that foreign rules leave reachable are found', async () => {
    await grantTo('web-3')
    await estate.writeShadow(database.store, 'web-3')
    const { virtualMachines } = await tell('exposure-overview')
    expect(virtualMachines.nodes).toMatchObject([
      { name: 'web-18', jitStatus: 'NOT_CONFIGURED', exposures: [{ port: 22, guarded: false, ruleName: 'allow-ssh' }] },
      { name: 'web-3', exposures: [{ port: 22, guarded: true, ruleName: 'allow-ssh', boundary: { name: 'front' } }] },
    ])
  })
})
