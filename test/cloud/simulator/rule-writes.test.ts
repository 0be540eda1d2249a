import { describe, expect, it } from 'vitest'
import type { RuleProperties } from '../../../src/cloud/simulator/resource.ts'
import { errorIn, rule, ruleNamesIn } from './support/call.ts'
import { groupId, simulated, webGroup } from './support/simulated.ts'

const ruleId = (name: string) => `${webGroup}/securityRules/${name}`
const foreign = [{ name: 'foreign', priority: 300, ports: '443' }]

describe('one rule of a security group', () => {
  it('is made with 201 and changed with 200, and the other rules stay', async () => {
    const { arm } = await simulated([{ name: 'web', rules: foreign }])
    const made = await arm.put(ruleId('ssh'), rule('ssh', 100))
    expect(made).toMatchObject({ status: 201, body: { name: 'ssh', id: ruleId('ssh') } })
    expect(await arm.poll(made)).toMatchObject({ body: { status: 'Succeeded' } })
    const changed = await arm.put(ruleId('SSH'), rule('SSH', 101))
    expect(changed).toMatchObject({ status: 200, body: { properties: { priority: 101 } } })
    expect(ruleNamesIn(await arm.get(webGroup))).toEqual(['foreign', 'SSH'])
  })

  it('can be read alone, or listed with its siblings', async () => {
    const { arm } = await simulated([{ name: 'web', rules: foreign }])
    const shown = await arm.get(ruleId('FOREIGN'))
    expect(shown).toMatchObject({ status: 200, body: { name: 'foreign', properties: { priority: 300 } } })
    expect(shown.headers.etag).toBe((await arm.get(webGroup)).headers.etag)
    expect((await arm.get(`${webGroup}/securityRules`)).body).toMatchObject({ value: [{ name: 'foreign' }] })
    expect(errorIn(await arm.get(ruleId('other'))).code).toBe('NotFound')
  })

  it('is deleted with 202, and with 204 when there is none', async () => {
    const { arm } = await simulated([{ name: 'web', rules: [...foreign, { name: 'b', priority: 310 }] }])
    const deleted = await arm.delete(ruleId('foreign'))
    expect(deleted.status).toBe(202)
    expect((await arm.get(String(deleted.headers.location))).status).toBe(204)
    expect(ruleNamesIn(await arm.get(webGroup))).toEqual(['b'])
    expect((await arm.delete(ruleId('foreign'))).status).toBe(204)
  })

  it('changes the etag of its group', async () => {
    const { arm } = await simulated()
    const before = (await arm.get(webGroup)).headers.etag
    await arm.put(ruleId('ssh'), rule('ssh', 100))
    const between = (await arm.get(webGroup)).headers.etag
    await arm.delete(ruleId('ssh'))
    expect(new Set([before, between, (await arm.get(webGroup)).headers.etag]).size).toBe(3)
  })

  it('needs its group', async () => {
    const { arm } = await simulated()
    const lost = await arm.put(`${groupId('gone')}/securityRules/ssh`, rule('ssh', 100))
    expect([lost.status, errorIn(lost).code]).toEqual([404, 'ResourceNotFound'])
  })
})

describe('a rule is refused', () => {
  const wrong: readonly (readonly [why: string, code: string, properties: Partial<RuleProperties>])[] = [
    ['its priority is below 100', 'SecurityRuleInvalidPriority', { priority: 99 }],
    ['its priority is above 4096', 'SecurityRuleInvalidPriority', { priority: 4097 }],
    ['its description is longer than 140', 'SecurityRuleInvalidDescription', { description: 'd'.repeat(141) }],
    ['its prefix has host bits set', 'SecurityRuleInvalidAddressPrefix', { sourceAddressPrefix: '10.0.0.5/24' }],
    ['its prefix is nonsense', 'SecurityRuleInvalidAddressPrefix', { sourceAddressPrefix: '10.0.0/24' }],
    ['its port is too large', 'SecurityRuleInvalidPortRange', { destinationPortRange: '65536' }],
    ['its port range is backwards', 'SecurityRuleInvalidPortRange', { destinationPortRange: '90-80' }],
    ['its access is unknown', 'InvalidRequestFormat', { access: 'Maybe' }],
    ['its protocol is unknown', 'InvalidRequestFormat', { protocol: 'Sctp' }],
    ['its port is a number', 'InvalidRequestFormat', { destinationPortRange: 22 as unknown as string }],
    ['it says no source', 'RequiredSecurityRuleParametersMissing', { sourceAddressPrefix: '' }],
    [
      'it has a tag among several prefixes',
      'SecurityRuleParameterContainsUnsupportedValue',
      { sourceAddressPrefix: '', sourceAddressPrefixes: ['10.0.0.0/24', 'Internet'] },
    ],
    [
      'it has * among several ports',
      'SecurityRuleParameterContainsUnsupportedValue',
      { destinationPortRange: '', destinationPortRanges: ['22', '*'] },
    ],
    [
      'it fills the singular and the plural field',
      'SecurityRuleCannotSpecifyBothSingularAndPlural',
      { destinationPortRanges: ['23'] },
    ],
    [
      'it mixes address families',
      'ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies',
      { sourceAddressPrefix: '', sourceAddressPrefixes: ['10.0.0.0/24', '2001:db8::/32'] },
    ],
  ]
  it.each(wrong)('when %s', async (_, code, properties) => {
    const { arm } = await simulated()
    const refused = await arm.put(ruleId('ssh'), rule('ssh', 100, properties))
    expect([refused.status, errorIn(refused).code]).toEqual([400, code])
    expect(ruleNamesIn(await arm.get(webGroup))).toEqual([])
  })

  it('when its name is longer than 80, or ends in anything but a word character', async () => {
    const { arm } = await simulated()
    for (const name of ['a'.repeat(81), 'ends-', '-begins', 'has space'])
      expect(errorIn(await arm.put(ruleId(encodeURIComponent(name)), rule(name, 100))).code).toBe('InvalidResourceName')
    expect((await arm.put(ruleId(`${'a'.repeat(79)}_`), rule('', 100))).status).toBe(201)
  })

  it('when another has its priority in its direction, and not when that one goes the other way', async () => {
    const { arm } = await simulated([{ name: 'web', rules: foreign }])
    const refused = await arm.put(ruleId('ssh'), rule('ssh', 300))
    expect(errorIn(refused)).toMatchObject({
      code: 'SecurityRuleConflict',
      message: 'Security rule ssh conflicts with rule foreign. Rules cannot have the same Priority and Direction.',
    })
    expect((await arm.put(ruleId('out'), rule('out', 300, { direction: 'Outbound' }))).status).toBe(201)
  })

  it('when it is number 1,001 of its group', async () => {
    const rules = Array.from({ length: 1_000 }, (_, index) => ({ name: `r${String(index)}`, priority: 100 + index }))
    const { arm } = await simulated([{ name: 'web', rules }])
    expect((await arm.put(ruleId('r7'), rule('r7', 107))).status).toBe(200)
    const refused = await arm.put(ruleId('more'), rule('more', 4_000))
    expect([refused.status, errorIn(refused).code]).toEqual([400, 'SecurityRuleCountLimitReached'])
  })

  it('when its group would hold more than 4,000 addresses', async () => {
    const sources = (count: number) =>
      Array.from({ length: count }, (_, i) => `10.${String(i >> 8)}.${String(i & 255)}.1`)
    const { arm } = await simulated([{ name: 'web', rules: [{ name: 'many', priority: 300, source: sources(3_999) }] }])
    expect((await arm.put(ruleId('one'), rule('one', 100))).status).toBe(201)
    const refused = await arm.put(ruleId('two'), rule('two', 101))
    expect(errorIn(refused).code).toBe('SecurityRuleAddressesOrPortsPerSecurityGroupLimitReached')
  })
})
