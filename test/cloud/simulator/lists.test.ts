import { describe, expect, it } from 'vitest'
import { subscriptionId } from '../../support/cloud-estate.ts'
import { errorIn, pageIn, type Arm } from './support/call.ts'
import { resourceGroup, simulated } from './support/simulated.ts'

const machines = '/providers/Microsoft.Compute/virtualMachines'
const many = Array.from({ length: 7 }, (_, index) => ({ name: `vm-${String(index)}`, subnet: 'shared' }))

/** All names on all pages, and how many pages there were. */
async function readAll(arm: Arm, path: string) {
  const names: string[] = []
  let pages = 0
  for (let next: string | undefined = path; next !== undefined; pages += 1) {
    const page = pageIn(await arm.call(next))
    names.push(...page.value.map(({ name }) => name))
    next = page.nextLink
  }
  return { names, pages }
}

describe('a list', () => {
  it('comes a page at a time, each resource once', async () => {
    const { arm, simulator } = await simulated(many)
    simulator.settings.pageSize = 3
    const names = many.map(({ name }) => name)
    expect(await readAll(arm, `/subscriptions/${subscriptionId}${machines}`)).toEqual({ names, pages: 3 })
    simulator.settings.pageSize = 7
    expect(await readAll(arm, `/subscriptions/${subscriptionId}${machines}`)).toEqual({ names, pages: 1 })
  })

  it('goes on where it was when a resource goes in the meantime', async () => {
    const { arm, simulator, machine } = await simulated(many)
    simulator.settings.pageSize = 3
    const { value, nextLink = '' } = pageIn(await arm.get(`/subscriptions/${subscriptionId}${machines}`))
    expect(value.at(-1)?.name).toBe('vm-2')
    simulator.removeMachine(machine('vm-0').vmId)
    simulator.removeMachine(machine('vm-2').vmId)
    expect((await readAll(arm, nextLink)).names).toEqual(['vm-3', 'vm-4', 'vm-5', 'vm-6'])
  })

  it('keeps its query from page to page', async () => {
    const { arm, simulator } = await simulated(many)
    simulator.settings.pageSize = 1
    const path = `/subscriptions/${subscriptionId}${machines}?statusOnly=true&api-version=2024-07-01`
    const { nextLink = '' } = pageIn(await arm.get(path))
    expect(new URL(nextLink).searchParams.get('api-version')).toBe('2024-07-01')
    expect(pageIn(await arm.call(nextLink)).value[0]?.properties).toHaveProperty('instanceView')
    expect(errorIn(await arm.call(`${path}&$skipToken=nonsense`)).code).toBe('InvalidSkipToken')
  })

  it('can be of one resource group, and is empty where there is nothing of the kind', async () => {
    const { arm, simulator } = await simulated(many)
    const { id: _, ...other } = simulator.readAll('Microsoft.Network/networkSecurityGroups')[0] ?? { id: '', name: '' }
    const elsewhere = resourceGroup.replace('rg-shop', 'rg-shop-2')
    const id = `${elsewhere}/providers/Microsoft.Network/networkSecurityGroups/elsewhere`
    simulator.add({ properties: {}, ...other, id, name: 'elsewhere' })
    const names = async (scope: string) =>
      (await readAll(arm, `${scope}/providers/microsoft.network/networksecuritygroups`)).names
    expect(await names(`/subscriptions/${subscriptionId}`)).toEqual(['elsewhere', 'nsg-shared'])
    expect(await names(resourceGroup)).toEqual(['nsg-shared'])
    expect(await names(elsewhere.toUpperCase())).toEqual(['elsewhere'])
    const classic = `/subscriptions/${subscriptionId}/providers/Microsoft.ClassicCompute/virtualMachines`
    expect(pageIn(await arm.get(classic))).toEqual({ value: [] })
  })

  it('of machines tells whether they run only when asked', async () => {
    const { arm } = await simulated(many)
    const state = async (query: string) => {
      const [first] = pageIn(await arm.get(`/subscriptions/${subscriptionId}${machines}${query}`)).value
      return JSON.stringify(first).includes('PowerState/running')
    }
    expect([await state(''), await state('?statusOnly=true'), await state('?$expand=instanceView')]).toEqual([
      false,
      true,
      true,
    ])
  })

  it('of subscriptions has them all', async () => {
    const { arm } = await simulated()
    const one = { id: `/subscriptions/${subscriptionId}`, subscriptionId, displayName: 'Shop', state: 'Enabled' }
    expect((await arm.get('/subscriptions')).body).toEqual({ value: [one] })
    expect((await arm.get(`/subscriptions/${subscriptionId}`)).body).toEqual(one)
  })
})
