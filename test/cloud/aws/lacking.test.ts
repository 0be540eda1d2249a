import { expect, it } from 'vitest'
import { accountId } from '../../support/ec2-estate.ts'
import { connectedEc2, refusal } from './support/connected.ts'

const inRegion = [
  'DescribeSecurityGroups',
  'DescribeSecurityGroupRules',
  'DescribeInstances',
  'DescribeNetworkInterfaces',
] as const

/** A simulated EC2 whose role lacks these permissions, and how the inventory of its account is refused. */
async function refusedInventory(lacking: readonly string[], regions: readonly string[] = []) {
  const { cloud, simulator } = await connectedEc2(undefined, {}, { regions })
  for (const action of lacking) simulator.misbehave.forbid({ action: `${action}$` })
  const refused = await refusal(Array.fromAsync(cloud.inventory(accountId)))
  return { refused, simulator, cloud }
}

it.each([
  [['DescribeRegions', ...inRegion]],
  [[...inRegion]],
  [['DescribeSecurityGroupRules', 'DescribeNetworkInterfaces']],
  [['DescribeInstances', 'DescribeNetworkInterfaces']],
])('an inventory that lacks permissions (%j) names all of them at once, and what AWS says', async (lacking) => {
  const { refused } = await refusedInventory(lacking)
  expect(refused).toMatchObject({ kind: 'FORBIDDEN', code: 'UnauthorizedOperation' })
  const names = lacking.map((action) => `ec2:${action}`)
  expect(refused.missingPermissions.toSorted()).toEqual(names.toSorted())
  expect(refused.message).toContain(`lacks permissions (${refused.missingPermissions.join(', ')}): add them`)
  expect(refused.message).toContain('AWS says: You are not authorized')
})

it('each action is asked for once besides, in one region, and nothing is read by it', async () => {
  const { simulator } = await refusedInventory(['DescribeSecurityGroups'], ['eu-west-1', 'us-east-1'])
  expect(simulator.calls).toEqual(Object.fromEntries(inRegion.map((action) => [action, { total: 1, refused: 1 }])))
})

it('one permission that is missing alone is named alone', async () => {
  const { refused } = await refusedInventory(['DescribeInstances'])
  expect(refused.missingPermissions).toEqual(['ec2:DescribeInstances'])
  expect(refused.message).toContain('lacks a permission (ec2:DescribeInstances)')
})

it('what else goes wrong meanwhile hides nothing of what is known to be missing', async () => {
  const { cloud, simulator } = await connectedEc2()
  simulator.misbehave.forbid({ action: 'DescribeSecurityGroups$' })
  simulator.misbehave.refuse(500, 'InternalError', 'Something broke.', { action: 'DescribeInstances' })
  const refused = await refusal(Array.fromAsync(cloud.inventory(accountId)))
  expect(refused.missingPermissions).toEqual(['ec2:DescribeSecurityGroups'])
})

it('nothing more is asked when it was refused for another reason, or no role could be assumed', async () => {
  const { cloud, simulator } = await connectedEc2()
  simulator.misbehave.refuse(403, 'OptInRequired', 'You are not subscribed.', { action: 'DescribeSecurityGroups$' })
  expect(await refusal(Array.fromAsync(cloud.inventory(accountId)))).toMatchObject({ missingPermissions: [] })
  expect(simulator.calls).toMatchObject({ DescribeSecurityGroups: { total: 1 } })
  expect(simulator.calls['DescribeInstances']).toBeUndefined()
  const strange = await refusal(Array.fromAsync(cloud.inventory('999999999999')))
  expect(strange.missingPermissions).toEqual(['sts:AssumeRole'])
})
