import { describe, expect, it } from 'vitest'
import { changePorts, defaultPorts, readPorts, recommendedPorts, type PolicyPort } from '../../src/access/policy.ts'

const codes = (input: Parameters<typeof readPorts>[0]) =>
  readPorts(input, ['ports']).userErrors.map((error) => [error.code, error.field.join('.')])

describe('A policy', () => {
  it('protects SSH on Linux and RDP on Windows, for three hours from anywhere, when no ports are named', () => {
    const allowedSources = ['0.0.0.0/0', '::/0']
    const common = { protocol: 'TCP', allowedSources, maximumDurationSeconds: 10_800, approval: null }
    expect(defaultPorts('LINUX')).toEqual([{ port: 22, ...common }])
    expect(defaultPorts('WINDOWS')).toEqual([{ port: 3389, ...common }])
    expect(defaultPorts(null)).toBeNull()
  })

  it('may have the four recommended ports', () => {
    const { ports, userErrors } = readPorts(recommendedPorts, ['ports'])
    expect(userErrors).toEqual([])
    expect(ports.map((port) => port.port)).toEqual([22, 3389, 5985, 5986])
  })

  it('keeps allowed sources in canonical form', () => {
    const { ports } = readPorts([{ port: 22, allowedSources: ['203.0.113.7', '2001:DB8::/32'] }], ['ports'])
    expect(ports[0]?.allowedSources).toEqual(['203.0.113.7/32', '2001:db8::/32'])
  })

  it.each([0, 65_536, -1, 1.5, Number.NaN])('refuses port %d', (port) => {
    expect(codes([{ port }])).toEqual([['INVALID_INPUT', 'ports.0.port']])
  })

  it('takes durations from five minutes to 24 hours', () => {
    expect(codes([{ port: 22, maximumDurationSeconds: 300 }])).toEqual([])
    expect(codes([{ port: 22, maximumDurationSeconds: 86_400 }])).toEqual([])
    expect(codes([{ port: 22, maximumDurationSeconds: 299 }])).toEqual([['INVALID_INPUT', 'ports.0.maximumDuration']])
    expect(codes([{ port: 22, maximumDurationSeconds: 86_401 }])).toHaveLength(1)
  })

  it('refuses prefixes with host bits and prefixes that overlap, naming each', () => {
    const allowedSources = ['10.0.0.0/8', '10.1.0.0/16', '192.0.2.1/24']
    expect(codes([{ port: 22, allowedSources }])).toEqual([
      ['INVALID_INPUT', 'ports.0.allowedSources.1'],
      ['INVALID_INPUT', 'ports.0.allowedSources.2'],
    ])
  })

  it('refuses a port twice, and ANY beside TCP or UDP, but takes TCP and UDP side by side', () => {
    expect(codes([{ port: 22 }, { port: 22 }])).toEqual([['INVALID_INPUT', 'ports.1']])
    const any = { port: 53, protocol: 'ANY' } as const
    expect(codes([{ port: 53, protocol: 'UDP' }, any])).toEqual([['INVALID_INPUT', 'ports.1']])
    expect(codes([{ port: 53, protocol: 'UDP' }, { port: 53 }])).toEqual([])
  })

  it('refuses more ports or sources than it can hold, before reading them', () => {
    expect(codes(Array.from({ length: 51 }, (_, index) => ({ port: index + 1 })))).toEqual([
      ['LIMIT_EXCEEDED', 'ports'],
    ])
    const allowedSources = Array.from({ length: 51 }, (_, index) => `10.0.${index}.0/24`)
    expect(codes([{ port: 22, allowedSources }])).toEqual([['LIMIT_EXCEEDED', 'ports.0.allowedSources']])
  })

  it('is changed port by port: named ones are added or replaced, others stay', () => {
    const [ssh, rdp] = readPorts([{ port: 22 }, { port: 3389 }], ['ports']).ports as [never, never]
    const [longer] = readPorts([{ port: 22, maximumDurationSeconds: 86_400 }], ['ports']).ports as [never]
    const none = { set: [], remove: [], approvals: [] }
    expect(changePorts([ssh, rdp], { ...none, set: [longer] })).toEqual([longer, rdp])
    expect(changePorts([ssh, rdp], { ...none, remove: [{ port: 22, protocol: 'TCP' }] })).toEqual([rdp])
  })

  it('keeps who approves a port that is replaced, and changes that alone where it is asked', () => {
    const approvalRule = { approvalsNeeded: 2 }
    const [ssh] = readPorts([{ port: 22, approvalRule }], ['ports']).ports as [PolicyPort]
    const [longer] = readPorts([{ port: 22, maximumDurationSeconds: 86_400 }], ['ports']).ports as [PolicyPort]
    const none = { set: [], remove: [], approvals: [] }
    expect(changePorts([ssh], { ...none, set: [longer] })).toEqual([{ ...longer, approval: ssh.approval }])
    const free = { port: 22, protocol: 'TCP', approval: null } as const
    expect(changePorts([ssh], { ...none, approvals: [free] })).toEqual([{ ...ssh, approval: null }])
  })
})
