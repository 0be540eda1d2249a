import { describe, expect, it } from 'vitest'
import type { SecurityGroup } from '../../../src/cloud/simulator/resource.ts'
import { handClock } from '../../support/clock.ts'
import { errorIn, rule, ruleNamesIn } from './support/call.ts'
import { groupId, resourceGroup, simulated, webGroup } from './support/simulated.ts'

const foreign = [{ name: 'foreign', priority: 300, ports: '443' }]
const ruleId = (name: string) => `${webGroup}/securityRules/${name}`
const empty = { location: 'westeurope', properties: { securityRules: [] } }

describe('a lock', () => {
  it('that allows no delete stops the delete of a rule, and not a write of the group that drops it', async () => {
    const { arm, simulator } = await simulated([{ name: 'web', rules: foreign }])
    simulator.misbehave.lock('CanNotDelete', { at: resourceGroup })
    const refused = await arm.delete(ruleId('foreign'))
    expect([refused.status, errorIn(refused).code]).toEqual([409, 'ScopeLocked'])
    expect(errorIn(refused).message).toContain(`are locked: '${resourceGroup}'`)
    expect((await arm.put(webGroup, empty)).status).toBe(200)
    expect(ruleNamesIn(await arm.get(webGroup))).toEqual([])
  })

  it('that allows reads only stops both', async () => {
    const { arm, simulator } = await simulated([{ name: 'web', rules: foreign }])
    const lift = simulator.misbehave.lock('ReadOnly', { at: webGroup.toUpperCase() })
    const answers = [await arm.delete(ruleId('foreign')), await arm.put(webGroup, empty)]
    expect(answers.map(({ status }) => status)).toEqual([409, 409])
    expect(ruleNamesIn(await arm.get(webGroup))).toEqual(['foreign'])
    lift()
    expect((await arm.put(webGroup, empty)).status).toBe(200)
  })
})

describe('a refusal', () => {
  it("by the organisation's policy is for writes only", async () => {
    const { arm, simulator } = await simulated([{ name: 'web', rules: foreign }])
    simulator.misbehave.forbid('RequestDisallowedByPolicy')
    const refused = await arm.put(webGroup, empty)
    expect([refused.status, errorIn(refused).code]).toEqual([403, 'RequestDisallowedByPolicy'])
    expect((await arm.get(webGroup)).status).toBe(200)
    expect((await arm.delete(ruleId('foreign'))).status).toBe(202)
  })

  it('for want of a permission names the action, and can be for one method', async () => {
    const { arm, simulator } = await simulated()
    simulator.misbehave.forbid('AuthorizationFailed', { at: webGroup, method: 'PUT' })
    const refused = await arm.put(webGroup, empty)
    expect([refused.status, errorIn(refused).code]).toEqual([403, 'AuthorizationFailed'])
    expect(errorIn(refused).message).toContain("'Microsoft.Network/networkSecurityGroups/write'")
    expect((await arm.get(webGroup)).status).toBe(200)
  })

  it('can be any at all, for a number of calls', async () => {
    const { arm, simulator } = await simulated()
    simulator.misbehave.refuse(503, { code: 'ServerBusy', retryAfterSeconds: 3 }, { times: 2 })
    const answers = [await arm.get(webGroup), await arm.get(webGroup), await arm.get(webGroup)]
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 200])
    expect(answers[0]?.headers['retry-after']).toBe('3')
  })

  it('can be for a quota, in the words of ARM or of Microsoft.Network, with or without a time to wait', async () => {
    const { arm, simulator } = await simulated()
    simulator.misbehave.throttle('arm', 17, { times: 1 })
    simulator.misbehave.throttle('network', null, { times: 1 })
    const [arms, networks] = [await arm.put(webGroup, empty), await arm.put(webGroup, empty)]
    expect([arms.status, errorIn(arms).code]).toEqual([429, 'SubscriptionRequestsThrottled'])
    expect([networks.status, errorIn(networks).code]).toEqual([429, 'RetryableError'])
    expect(errorIn(networks).details?.[0]?.code).toBe('RetryableErrorDueToTooManyCalls')
    expect([arms.headers['retry-after'], networks.headers['retry-after']]).toEqual(['17', undefined])
  })

  it('of polls is told apart by their path', async () => {
    const { arm, simulator } = await simulated()
    simulator.misbehave.refuse(500, {}, { path: /\/locations\/[^/]+\/operations\// })
    const written = await arm.put(webGroup, empty)
    expect([written.status, (await arm.poll(written)).status]).toEqual([200, 500])
  })

  it('ends with all other misbehaviour when that is stopped', async () => {
    const { arm, simulator } = await simulated()
    simulator.misbehave.refuse(500)
    simulator.misbehave.lock('ReadOnly')
    simulator.misbehave.stop()
    expect((await arm.put(webGroup, empty)).status).toBe(200)
  })
})

describe('an answer', () => {
  it('can be lost before anything was done', async () => {
    const { arm, simulator } = await simulated([{ name: 'web', rules: foreign }])
    simulator.misbehave.loseAnswer('beforeCommit', { method: 'PUT', times: 1 })
    await expect(arm.put(webGroup, empty)).rejects.toThrow('socket hang up')
    expect(ruleNamesIn(await arm.get(webGroup))).toEqual(['foreign'])
    expect(simulator.writes).toMatchObject([{ status: null, ruleNamesRemoved: [] }])
  })

  it('can be lost after everything was done', async () => {
    const { arm, simulator } = await simulated([{ name: 'web', rules: foreign }])
    simulator.misbehave.loseAnswer('afterCommit', { method: 'PUT', times: 1 })
    await expect(arm.put(webGroup, empty)).rejects.toThrow('socket hang up')
    expect(ruleNamesIn(await arm.get(webGroup))).toEqual([])
    expect(simulator.writes).toMatchObject([{ status: null, ruleNamesRemoved: ['foreign'] }])
  })

  it('can be held back, by the clock', async () => {
    const clock = handClock()
    const { arm, simulator } = await simulated(undefined, { clock })
    simulator.misbehave.delay(30_000)
    let answered = false
    const answer = arm.get(webGroup).finally(() => (answered = true))
    await expect.poll(() => clock.waiting).toBe(1)
    await clock.advance(29_999)
    expect(answered).toBe(false)
    await clock.advance(1)
    expect((await answer).status).toBe(200)
  })

  it('can fail to come until the caller gives up', async () => {
    const { arm, simulator } = await simulated()
    simulator.misbehave.hang({ at: webGroup })
    const answer = arm.get(webGroup)
    expect((await arm.get('/subscriptions')).status).toBe(200)
    arm.close()
    await expect(answer).rejects.toThrow()
  })
})

describe('somebody else', () => {
  it('edits a group at once: other rules, another etag, and a write in progress is cancelled', async () => {
    const { arm, simulator } = await simulated([{ name: 'web', rules: foreign }], { operationMs: 3_600_000 })
    const written = await arm.put(ruleId('ssh'), rule('ssh', 100))
    simulator.edit(webGroup, (group) => {
      group.properties.securityRules = []
    })
    const shown = await arm.get(webGroup)
    expect(ruleNamesIn(shown)).toEqual([])
    expect(shown).toMatchObject({ body: { properties: { provisioningState: 'Succeeded' } } })
    expect(shown.headers.etag).not.toBe((written.body as { etag: string }).etag)
    expect(await arm.poll(written)).toMatchObject({ body: { status: 'Canceled' } })
    expect(simulator.writes).toHaveLength(1)
  })

  it('deletes a group with all that pointed to it', async () => {
    const { arm, simulator, machine } = await simulated([{ name: 'web', nsgs: 'both' }])
    simulator.deleteGroup(webGroup)
    const gone = await arm.get(webGroup)
    expect([gone.status, errorIn(gone).code]).toEqual([404, 'ResourceNotFound'])
    expect(gone.headers['x-ms-failure-cause']).toBe('gateway')
    const { subnetId, nicIds } = machine('web')
    expect((await arm.get(subnetId)).body).not.toHaveProperty('properties.networkSecurityGroup')
    expect((await arm.get(nicIds[0] ?? '')).body).toHaveProperty('properties.networkSecurityGroup')
    expect((await arm.put(ruleId('ssh'), rule('ssh', 100))).status).toBe(404)
  })

  it('gives a subnet or an interface another group, or none', async () => {
    const { arm, simulator, machine } = await simulated([{ name: 'web' }, { name: 'db', nsgs: 'nic' }])
    const nic = machine('db').nicIds[0] ?? ''
    simulator.associateInterface(nic, webGroup)
    expect((await arm.get(nic)).body).toMatchObject({ properties: { networkSecurityGroup: { id: webGroup } } })
    expect((await arm.get(webGroup)).body).toMatchObject({ properties: { networkInterfaces: [{}], subnets: [{}] } })
    simulator.associateInterface(nic, null)
    simulator.associateSubnet(machine('web').subnetId, null)
    const shown = (await arm.get(webGroup)).body
    expect(shown).not.toHaveProperty('properties.networkInterfaces')
    expect(shown).not.toHaveProperty('properties.subnets')
    simulator.associateSubnet(machine('web').subnetId, webGroup)
    expect((await arm.get(webGroup)).body).toHaveProperty('properties.subnets')
    expect(() => {
      simulator.associateSubnet(machine('web').subnetId, groupId('nowhere'))
    }).toThrow('there is no resource')
  })

  it('switches a machine off, removes an interface of it, removes it, adds another', async () => {
    const { arm, simulator, machine } = await simulated([{ name: 'web', nics: 2 }])
    const { vmId, nicIds } = machine('web')
    simulator.setPower(vmId, 'deallocated')
    expect(JSON.stringify((await arm.get(`${vmId}/instanceView`)).body)).toContain('PowerState/deallocated')
    simulator.removeInterface(nicIds[1] ?? '')
    expect((await arm.get(nicIds[1] ?? '')).status).toBe(404)
    const shown = await arm.get(vmId)
    expect(shown).toMatchObject({ body: { properties: { networkProfile: { networkInterfaces: [{}] } } } })
    simulator.removeMachine(vmId)
    expect([(await arm.get(vmId)).status, (await arm.get(nicIds[0] ?? '')).status]).toEqual([404, 404])
    simulator.add({ ...(shown.body as { id: string; name: string; type: string; properties: object }), properties: {} })
    expect((await arm.get(vmId)).status).toBe(200)
  })
})

describe('whoever listens to the writes', () => {
  it('is waited for before and after each commit, and told what it changes', async () => {
    const { arm, simulator } = await simulated([{ name: 'web', rules: foreign }])
    const rulesNow = () => (simulator.read(webGroup) as SecurityGroup | undefined)?.properties.securityRules.length
    const heard: unknown[] = []
    const stops = (['beforeWrite', 'afterWrite'] as const).map((moment) =>
      simulator.on(moment, async (info) => {
        await new Promise(setImmediate)
        heard.push([moment, info, rulesNow()])
      }),
    )
    await arm.put(webGroup, { location: 'westeurope', properties: { securityRules: [rule('a', 100), rule('b', 110)] } })
    const info = {
      method: 'PUT',
      resourceId: webGroup.toLowerCase(),
      ruleNamesAdded: ['a', 'b'],
      ruleNamesRemoved: ['foreign'],
    }
    expect(heard).toEqual([
      ['beforeWrite', info, 1],
      ['afterWrite', info, 2],
    ])
    for (const stop of stops) stop()
    await arm.put(webGroup, empty)
    expect(heard).toHaveLength(2)
  })

  it('may change the group before the commit, which then sees the change', async () => {
    const { arm, simulator } = await simulated()
    const etag = (await arm.get(webGroup)).headers.etag ?? ''
    simulator.on('beforeWrite', () => {
      simulator.edit(webGroup, () => {})
    })
    expect((await arm.put(webGroup, empty, { 'If-Match': etag })).status).toBe(412)
  })

  it('may change the group after the commit, and the answer shows it as committed', async () => {
    const { arm, simulator } = await simulated()
    simulator.on('afterWrite', () => {
      simulator.edit(webGroup, (group) => {
        group.properties.securityRules = []
      })
    })
    const body = { location: 'westeurope', properties: { securityRules: [rule('a', 100)] } }
    const written = await arm.put(webGroup, body)
    expect(ruleNamesIn(written)).toEqual(['a'])
    expect((written.body as { etag: string }).etag).not.toBe((await arm.get(webGroup)).headers.etag)
  })

  it('can read every write afterwards, and count the calls', async () => {
    const clock = handClock(1_000)
    const { arm, simulator } = await simulated([{ name: 'web', rules: foreign }], { clock })
    await arm.get(`${resourceGroup}/providers/Microsoft.Network/networkSecurityGroups`)
    await arm.poll(await arm.put(ruleId('a'), rule('a', 100)))
    await clock.advance(500)
    await arm.put(ruleId('b'), rule('b', 1))
    await arm.delete(ruleId('foreign'))
    await arm.get(webGroup)
    const resourceId = webGroup.toLowerCase()
    expect(simulator.writes).toEqual([
      { at: 1_000, method: 'PUT', resourceId, status: 201, ruleNamesAdded: ['a'], ruleNamesRemoved: [] },
      { at: 1_500, method: 'PUT', resourceId, status: 400, ruleNamesAdded: [], ruleNamesRemoved: [] },
      { at: 1_500, method: 'DELETE', resourceId, status: 202, ruleNamesAdded: [], ruleNamesRemoved: ['foreign'] },
    ])
    expect(simulator.requests).toEqual({ total: 6, lists: 1, gets: 1, polls: 1, puts: 2, deletes: 1, refused: 1 })
  })
})
