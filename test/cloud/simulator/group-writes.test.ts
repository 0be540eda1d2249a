import { describe, expect, it } from 'vitest'
import { errorIn, groupIn, rule, ruleNamesIn } from './support/call.ts'
import { groupId, simulated, webGroup } from './support/simulated.ts'

const body = (...rules: readonly object[]) => ({ location: 'westeurope', properties: { securityRules: rules } })

describe('a PUT of a whole security group', () => {
  it('makes a new one: 201, Updating, and an operation to poll', async () => {
    const { arm } = await simulated([], { operationMs: 60_000 })
    const made = await arm.put(groupId('fresh'), body(rule('ssh', 100)))
    expect(made.status).toBe(201)
    expect(groupIn(made)).toMatchObject({
      name: 'fresh',
      id: groupId('fresh'),
      type: 'Microsoft.Network/networkSecurityGroups',
      properties: { provisioningState: 'Updating' },
    })
    expect(made.headers['azure-asyncnotification']).toBe('Enabled')
    expect(await arm.poll(made)).toMatchObject({ status: 200, body: { status: 'InProgress' } })
  })

  it('changes one that is there: 200, and Succeeded with an operation to poll all the same', async () => {
    const { arm } = await simulated()
    const written = await arm.put(webGroup, body(rule('ssh', 100)))
    expect(written.status).toBe(200)
    expect(groupIn(written).properties.provisioningState).toBe('Succeeded')
    expect(await arm.poll(written)).toMatchObject({ status: 200, body: { status: 'Succeeded' } })
  })

  it('carries neither Retry-After nor ETag, and a polling address of 4 kB that need not be understood', async () => {
    const { arm } = await simulated([], { operationMs: 60_000 })
    const made = await arm.put(groupId('fresh'), body())
    const poll = await arm.poll(made)
    expect([made.headers['retry-after'], made.headers.etag, poll.headers['retry-after']]).toEqual(
      Array(3).fill(undefined),
    )
    expect(String(made.headers['azure-asyncoperation']).length).toBeGreaterThan(4_096)
    expect(made.headers.location).toBeUndefined()
  })

  it('leaves a new etag behind, which a GET shows in its header, its body and every rule', async () => {
    const { arm } = await simulated()
    const before = groupIn(await arm.get(webGroup)).etag
    const written = groupIn(await arm.put(webGroup, body(rule('ssh', 100))))
    const shown = await arm.get(webGroup)
    expect(written.etag).toMatch(/^W\/"[0-9a-f-]{36}"$/)
    expect(written.etag).not.toBe(before)
    expect(shown.headers.etag).toBe(written.etag)
    const { securityRules } = groupIn(shown).properties
    expect([groupIn(shown).etag, securityRules[0]?.etag]).toEqual([written.etag, written.etag])
  })

  it('is refused with 412 when it names an older etag, in the words of Azure', async () => {
    const { arm } = await simulated()
    const stale = groupIn(await arm.get(webGroup)).etag ?? ''
    const fresh = groupIn(await arm.put(webGroup, body(rule('first', 100)), { 'If-Match': stale })).etag ?? ''
    const refused = await arm.put(webGroup, body(rule('second', 110)), { 'If-Match': stale })
    expect(refused.status).toBe(412)
    expect(errorIn(refused)).toEqual({
      code: 'PreconditionFailed',
      message: 'Precondition failed.',
      details: [
        {
          code: 'PreconditionFailedEtagMismatch',
          message: `Etag provided in if-match header ${stale} does not match etag ${fresh} of resource ${webGroup} in NRP data store.`,
        },
      ],
    })
    expect(ruleNamesIn(await arm.get(webGroup))).toEqual(['first'])
  })

  it('is heard whatever happened before, when it names no etag', async () => {
    const { arm } = await simulated()
    await arm.put(webGroup, body(rule('first', 100)))
    const stale = { ...body(rule('second', 110)), etag: 'W/"00000000-0000-0000-0000-000000000000"' }
    expect((await arm.put(webGroup, stale)).status).toBe(200)
    expect(ruleNamesIn(await arm.get(webGroup))).toEqual(['second'])
  })

  it('makes nothing when it names an etag of a group that is gone, and nothing twice with If-None-Match', async () => {
    const { arm } = await simulated()
    expect((await arm.put(groupId('gone'), body(), { 'If-Match': 'W/"x"' })).status).toBe(412)
    expect((await arm.get(groupId('gone'))).status).toBe(404)
    expect((await arm.put(webGroup, body(), { 'If-None-Match': '*' })).status).toBe(412)
    expect((await arm.put(groupId('new'), body(), { 'If-None-Match': '*' })).status).toBe(201)
  })

  it('takes away what it does not name, and keeps what only later api-versions know', async () => {
    const { arm } = await simulated()
    const full = body({ ...rule('ssh', 100, { laterRuleField: { deep: [1] } }) })
    await arm.put(webGroup, { ...full, tags: { team: 'a' }, properties: { ...full.properties, laterField: 'kept' } })
    expect(groupIn(await arm.get(webGroup))).toMatchObject({
      tags: { team: 'a' },
      properties: { laterField: 'kept', securityRules: [{ properties: { laterRuleField: { deep: [1] } } }] },
    })
    await arm.put(webGroup, body())
    const shown = groupIn(await arm.get(webGroup))
    expect(shown).not.toHaveProperty('tags')
    expect(shown.properties).not.toHaveProperty('laterField')
    expect(shown.properties.securityRules).toEqual([])
  })

  it('cannot detach its users, nor change its default rules or its guid', async () => {
    const { arm, machine } = await simulated([{ name: 'web', nsgs: 'both' }])
    const { properties: before } = groupIn(await arm.get(webGroup))
    const meddling = { networkInterfaces: [], subnets: [], defaultSecurityRules: [], resourceGuid: 'mine' }
    await arm.put(webGroup, { location: 'westeurope', properties: { securityRules: [], ...meddling } })
    const { properties } = groupIn(await arm.get(webGroup))
    expect(properties['subnets']).toEqual([{ id: expect.stringMatching(/snet-web$/) as string }])
    expect(properties['defaultSecurityRules']).toHaveLength(6)
    expect(properties.resourceGuid).toBe(before.resourceGuid)
    const nic = groupIn(await arm.get(machine('web').nicNsgIds[0] ?? '')).properties['networkInterfaces']
    expect(nic).toEqual([{ id: expect.stringMatching(/web-nic$/) as string }])
  })

  it('gives back what a GET showed without a change', async () => {
    const { arm } = await simulated([{ name: 'web', rules: [{ name: 'a', priority: 100, ports: ['22', '80-90'] }] }])
    const { etag: _, ...before } = groupIn(await arm.get(webGroup))
    expect((await arm.put(webGroup, before)).status).toBe(200)
    const { etag: __, ...after } = groupIn(await arm.get(webGroup))
    const withoutEtags = (group: object) => JSON.stringify(group).replaceAll(/"etag":"[^,]*,/g, '')
    expect(withoutEtags(after)).toBe(withoutEtags(before))
  })

  it('needs a location, and never moves a group to another', async () => {
    const { arm } = await simulated()
    expect(errorIn(await arm.put(webGroup, { properties: {} })).code).toBe('LocationRequired')
    expect(await arm.put(webGroup, { location: 'eastus', properties: {} })).toMatchObject({
      status: 409,
      body: { error: { code: 'InvalidResourceLocation' } },
    })
    expect((await arm.put(webGroup, { location: 'West Europe', properties: {} })).status).toBe(200)
  })

  it.each([undefined, 'text', ['list'], { location: 'westeurope', properties: { securityRules: 'none' } }])(
    'is refused with 400 when its body is %j',
    async (wrong) => {
      const { arm } = await simulated()
      const refused = await arm.put(webGroup, wrong)
      expect(refused.status).toBe(400)
      expect(errorIn(refused).code).toBe('InvalidRequestFormat')
    },
  )

  it('is written whole or not at all: one invalid rule refuses all of it', async () => {
    const { arm } = await simulated()
    const refused = await arm.put(webGroup, body(rule('good', 100), rule('bad', 50)))
    expect(errorIn(refused).code).toBe('SecurityRuleInvalidPriority')
    expect(ruleNamesIn(await arm.get(webGroup))).toEqual([])
  })
})

describe('a DELETE of a security group', () => {
  it('is accepted with 202, without a body, with both addresses to poll', async () => {
    const { arm } = await simulated()
    await arm.put(groupId('spare'), body())
    const deleted = await arm.delete(groupId('spare'))
    expect([deleted.status, deleted.body]).toEqual([202, undefined])
    expect(await arm.poll(deleted)).toMatchObject({ body: { status: 'Succeeded' } })
    expect(deleted.headers.location).toContain('/operationResults/')
    expect((await arm.get(String(deleted.headers.location))).status).toBe(204)
    expect((await arm.get(groupId('spare'))).status).toBe(404)
    expect((await arm.delete(groupId('spare'))).status).toBe(204)
  })

  it('is refused while a subnet or an interface uses the group', async () => {
    const { arm, machine } = await simulated([{ name: 'web', nsgs: 'both' }])
    for (const id of [webGroup, machine('web').nicNsgIds[0] ?? '']) {
      const refused = await arm.delete(id)
      expect([refused.status, errorIn(refused).code]).toEqual([400, 'InUseNetworkSecurityGroupCannotBeDeleted'])
    }
  })
})
