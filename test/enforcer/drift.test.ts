import { describe, expect, it, vi } from 'vitest'
import { updateAccount } from '../../src/commands/update-account.ts'
import type { DriftResponse } from '../../src/access/words.ts'
import { sshForAll, subscriptionId } from '../support/cloud-estate.ts'
import { ada, useRig, within } from './support/rig.ts'

const names = ['restored', 'reported', 'closed', 'rewritten']
const rig = useRig(names.map((name) => ({ name, subnet: name, rules: sshForAll })))
const respond = async (driftResponse: DriftResponse) => {
  const asked = { accountId: subscriptionId, driftResponse }
  expect(await updateAccount({ store: rig.database.store, viewer: ada }, asked)).toMatchObject({ userErrors: [] })
}
const group = (name: string) => rig.machine(name).subnetNsgId ?? ''

/** An open grant of the machine. */
async function open(name: string): Promise<string> {
  await rig.protect(name)
  await vi.waitFor(() => expect(rig.passes(name)).toBe(false), within)
  const [id = ''] = await rig.request([name])
  await rig.becomes(id, 'ACTIVE')
  await rig.idle()
  return id
}

/** Somebody lets everybody in by the rule of a grant. */
const widen = (name: string) => {
  rig.simulator.edit(group(name), (resource) => {
    for (const rule of resource.properties.securityRules)
      if (rule.name.startsWith('JitGateway-Allow')) {
        Object.assign(rule.properties, { sourceAddressPrefix: '*', sourceAddressPrefixes: [] })
      }
  })
}

const drifts = async (name: string) => {
  const { rows } = await rig.database.store.pool.query<{ detail: Record<string, any> }>(
    `select detail from activities where kind = 'RuleDrifted' and boundary_id = $1 order by transaction, position`,
    [group(name)],
  )
  return rows.map(({ detail }) => detail)
}

describe('a rule of a grant that somebody widens', () => {
  it('is put back, and the log has it as it was and as it was found', async () => {
    rig.enforce()
    await respond('RESTORE')
    const id = await open('restored')
    widen('restored')
    expect(rig.passes('restored', '203.0.113.99')).toBe(true)
    await rig.lookAgain()
    await vi.waitFor(() => expect(rig.passes('restored', '203.0.113.99')).toBe(false), within)
    await vi.waitFor(async () => expect(await drifts('restored')).toHaveLength(1), within)
    const [drift] = await drifts('restored')
    expect(drift).toMatchObject({
      change: 'EDITED',
      response: 'RESTORED',
      before: { sources: ['203.0.113.7/32'], access: 'ALLOW' },
      after: { sources: ['*'] },
    })
    expect((await rig.grant(id)).state).toBe('ACTIVE')
    expect(rig.passes('restored')).toBe(true)
  })

  it('stays where its account has drifts reported, once; and goes when the grant ends', async () => {
    rig.enforce()
    await respond('REPORT')
    const id = await open('reported')
    widen('reported')
    await rig.lookAgain()
    await vi.waitFor(async () => expect(await drifts('reported')).toMatchObject([{ response: 'REPORTED' }]), within)
    await rig.idle()
    await rig.lookAgain()
    await rig.idle()
    expect([await drifts('reported'), rig.passes('reported', '203.0.113.99')]).toEqual([[expect.anything()], true])
    await rig.revoke(id)
    await rig.becomes(id, 'CLOSED')
    expect([rig.passes('reported'), rig.passes('reported', '203.0.113.99')]).toEqual([false, false])
  })

  it('goes with its grant where the account has drifts closed', async () => {
    rig.enforce()
    await respond('CLOSE')
    const id = await open('closed')
    widen('closed')
    await rig.lookAgain()
    expect(await rig.becomes(id, 'CLOSED')).toMatchObject({ end_reason: 'DRIFTED' })
    expect([rig.passes('closed'), rig.passes('closed', '203.0.113.99')]).toEqual([false, false])
    expect(await drifts('closed')).toMatchObject([{ change: 'EDITED', response: 'CLOSED' }])
    expect(await rig.facts(id)).toContain('GrantClosed')
  })
})

it('a group that is rewritten as a whole has the rules of live grants again, and foreign rules stay as they came', async () => {
  rig.enforce()
  await respond('RESTORE')
  const id = await open('rewritten')
  const theirs = { name: 'from-a-template', priority: 400, ports: '443' }
  rig.simulator.edit(group('rewritten'), (resource) => {
    const [first] = resource.properties.securityRules
    if (first === undefined) throw new Error('the group has no rule')
    const own = { ...first, name: theirs.name, properties: { ...first.properties, priority: theirs.priority } }
    resource.properties.securityRules = [
      { ...own, properties: { ...own.properties, destinationPortRange: theirs.ports, access: 'Allow' } },
    ]
  })
  expect(rig.passes('rewritten')).toBe(false)
  await rig.lookAgain()
  await vi.waitFor(() => expect(rig.passes('rewritten')).toBe(true), within)
  await vi.waitFor(
    async () => expect((await drifts('rewritten')).map(({ change }) => change)).toEqual(['REMOVED', 'REMOVED']),
    within,
  )
  const shown = rig.simulator.read(group('rewritten'))?.properties as { securityRules: { name: string }[] }
  const rules = shown.securityRules.map(({ name }) => name)
  expect(rules.filter((name) => !name.startsWith('JitGateway-'))).toEqual([theirs.name])
  expect((await rig.grant(id)).state).toBe('ACTIVE')
})
