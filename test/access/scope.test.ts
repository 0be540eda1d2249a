import { describe, expect, it } from 'vitest'
import { accountOf, accountScope, cloudOf, parseScope, resourceGroupOf, scopeContains } from '../../src/access/scope.ts'

const account = 'a1b2c3d4-0000-4000-8000-000000000001'
const subscription = `/subscriptions/${account}`
const group = `${subscription}/resourcegroups/shop`
const machine = `${group}/providers/microsoft.compute/virtualmachines/web`
const aws = '/aws/123456789012'
const vpc = `${aws}/eu-west-1/vpc-0a1b2c3d4e5f60718`
const instance = `${vpc}/instances/i-0123456789abcdef0`

describe('A scope', () => {
  it.each(['/', subscription, group, machine, `${subscription}/resourcegroups/a-b_c.(d)`])('is %s', (scope) => {
    expect(parseScope(scope)).toBe(scope)
    expect(parseScope(scope.toUpperCase())).toBe(scope)
  })

  it.each([aws, vpc, instance, `${aws}/us-gov-west-1/vpc-1a2b3c4d`])('is %s, of AWS', (scope) => {
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
    '/aws',
    '/aws/12345678901',
    `${aws}/eu-west-1`,
    `${aws}/vpc-0a1b2c3d4e5f60718`,
    `${vpc}/network-interfaces/eni-0123456789abcdef0`,
    `${vpc}/providers/microsoft.compute/virtualmachines/web`,
    `${group}/instances/i-0123456789abcdef0`,
  ])('is not "%s"', (text) => {
    expect(parseScope(text)).toBeNull()
  })

  it('lies in an account and a resource group, or is wider than these', () => {
    expect([machine, group, subscription, '/'].map(accountOf)).toEqual([account, account, account, null])
    expect([machine, group, subscription, '/'].map(resourceGroupOf)).toEqual([group, group, null, null])
    expect(resourceGroupOf('/subscriptions/nobody/resourcegroups/shop')).toBeNull()
  })

  it('lies in an account and a VPC, of AWS', () => {
    expect([instance, vpc, aws].map(accountOf)).toEqual(Array.from({ length: 3 }, () => '123456789012'))
    expect([instance, vpc, aws].map(resourceGroupOf)).toEqual([vpc, vpc, null])
  })

  it('of an account says by its id which cloud it is in', () => {
    expect([account, '123456789012'].map(cloudOf)).toEqual(['AZURE', 'AWS'])
    expect([account, '123456789012'].map(accountScope)).toEqual([subscription, aws])
  })

  it('contains what lies below it, and not what is only named alike', () => {
    const widest = ['/', subscription, group, machine]
    for (const [place, outer] of widest.entries())
      for (const [below, inner] of widest.entries()) expect(scopeContains(outer, inner)).toBe(below >= place)
    expect(scopeContains(group, `${group}-2`)).toBe(false)
    expect(scopeContains(machine, `${machine}2`)).toBe(false)
  })
})
