import { expect, it, vi } from 'vitest'
import { startEc2Simulator } from '../../src/cloud/simulator/ec2/start.ts'
import { globalId } from '../../src/graphql/global-id.ts'
import { accountId, connectEc2, smallEc2 } from '../support/ec2-estate.ts'
import { story } from './support/client.ts'
import { useGatewayOver } from './support/whole-gateway.ts'

const small = smallEc2([{ name: 'web', groups: ['ssh'] }])
const gateway = useGatewayOver({
  start: () => startEc2Simulator({ estate: small.estate }),
  connect: (simulator) => ({ cloud: connectEc2(simulator), accounts: [], name: 'simulated' }),
})
const office = '203.0.113.7'
const within = { timeout: 10_000, interval: 20 }
const vm = globalId('VirtualMachine', small.vmId('web'))

/** Whether a packet to port 22 passes: what the cloud says. */
const passes = (source = office) =>
  gateway.simulator.packetPasses({ instanceId: small.instance('web').instanceId, source, port: 22, protocol: 'TCP' })
    .passes

/** The rules that others wrote, without ids: those change when a rule is written again. */
const foreignRules = () =>
  gateway.simulator.now.rules
    .values()
    .filter(({ groupId, egress }) => groupId === small.groupId('ssh') && !egress)
    .map((rule) => ({ ...rule, id: '' }))
    .toArray()

it('an instance of an AWS account is registered, closed, opened for a grant alone, and given back as it was', async () => {
  const { ada, ben, database } = gateway
  const { registerAccount } = await ada.ask(story('register-account'), { awsAccountId: accountId, name: 'Shop on AWS' })
  expect(registerAccount).toMatchObject({ account: { name: 'Shop on AWS' }, userErrors: [] })
  const before = foreignRules()
  expect(passes()).toBe(true)

  const policy = await vi.waitFor(async () => {
    const { enableJit } = await ada.ask(story('enable-jit-with-defaults'), { virtualMachines: [vm] })
    expect(enableJit.results[0].userErrors).toEqual([])
    return enableJit.results[0].policy.id as string
  }, within)
  const shown = async () =>
    (await ada.ask('query ($id: ID!) { virtualMachine(id: $id) { jitStatus exposures { port } } }', { id: vm }))
      .virtualMachine
  // Groups only allow: until its owner wants more, what others let in is told of.
  await vi.waitFor(async () => expect((await shown()).exposures).toMatchObject([{ port: 22 }]), within)
  expect(passes()).toBe(true)

  const { updatePolicy } = await ada.ask(story('close-foreign-rules'), { policies: [policy] })
  expect(updatePolicy.results[0]).toMatchObject({ policy: { closesForeignRules: true }, userErrors: [] })
  await vi.waitFor(() => expect(passes()).toBe(false), within)
  const boundary = globalId('Boundary', small.boundaryId('web'))
  await vi.waitFor(async () => {
    const taken = (await ada.ask(story('taken-rules'), { id: boundary })).boundary
    expect(taken).toMatchObject({
      kind: 'SECURITY_GROUP',
      takenRules: [{ description: 'SSH for all', takenAt: expect.any(String), failure: null }],
    })
  }, within)

  const { requestAccess } = await ben.ask(
    `mutation ($vm: ID!) {
      requestAccess(input: { targets: [{ virtualMachine: $vm, ports: [{ port: 22 }] }], sources: ["${office}"],
        duration: "PT10M" }) { grants { id } userErrors { message } } }`,
    { vm },
  )
  expect(requestAccess.userErrors).toEqual([])
  const grant = async () => (await ben.ask(story('show-grant'), { id: requestAccess.grants[0].id })).grant
  await vi.waitFor(async () => expect((await grant()).state).toBe('ACTIVE'), within)
  expect([passes(), passes('203.0.113.8')]).toEqual([true, false])
  await database.advance(600_000)
  await vi.waitFor(async () => expect((await grant()).state).toBe('CLOSED'), within)
  expect(passes()).toBe(false)

  await ada.ask(story('disable-jit'), { virtualMachines: [vm] })
  await vi.waitFor(() => expect(foreignRules()).toEqual(before), within)
  expect(passes()).toBe(true)
  await vi.waitFor(async () => expect((await shown()).jitStatus).toBe('NOT_CONFIGURED'), within)
})
