import { describe, expect, it } from 'vitest'
import { accountOf, parseScope, resourceGroupOf, scopeContains } from '../../src/access/scope.ts'

const account = 'a1b2c3d4-0000-4000-8000-000000000001'
const subscription = `/subscriptions/${account}`
const group = `${subscription}/resourcegroups/shop`
const machine = `${group}/providers/microsoft.compute/virtualmachines/web`

describe('A scope', () => {
  it.each(['/', subscription, group, machine, `${subscription}/resourcegroups/a-b_c.(d)`])('is %s', (scope) => {
    expect(parseScope(scope)).toBe(scope)
    expect(parseScope(scope.toUpperCase())).toBe(scope)
  })

  it('may end in a slash', () => {
    expect(parseScope(`${group}/`)).toBe(group)
  })

  it.each([
    '',
    '//',
    'subscriptions',
    '/subscriptions/',
    `/subscriptions/${'-'.repeat(36)}`,
    `/subscriptions/${'0'.repeat(36)}`,
    `${subscription}-`,
    `${subscription}//`,
    `${subscription}/resourcegroups/`,
    `${subscription}/resourcegroups/${'g'.repeat(91)}`,
    `${group}/providers/microsoft.network/networksecuritygroups/front`,
    `${machine}/extensions/x`,
    `/x${machine}`,
    `/subscriptions/x${group}`,
  ])('is not "%s"', (text) => {
    expect(parseScope(text)).toBeNull()
  })

  it('lies in an account and a resource group, or is wider than these', () => {
    expect([machine, group, subscription, '/'].map(accountOf)).toEqual([account, account, account, null])
    expect([machine, group, subscription, '/'].map(resourceGroupOf)).toEqual([group, group, null, null])
    expect(resourceGroupOf('/subscriptions/nobody/resourcegroups/shop')).toBeNull()
  })

  it('contains what lies below it, and not what is only named alike', () => {
    const widest = ['/', subscription, group, machine]
    for (const [place, outer] of widest.entries())
      for (const [below, inner] of widest.entries()) expect(scopeContains(outer, inner)).toBe(below >= place)
    expect(scopeContains(group, `${group}-2`)).toBe(false)
    expect(scopeContains(machine, `${machine}2`)).toBe(false)
  })
})
