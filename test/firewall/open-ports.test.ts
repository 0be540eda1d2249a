import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { desiredRules } from '../../src/firewall/desired.ts'
import { openPortsOf, stepOf, type OpenPorts } from '../../src/firewall/open-ports.ts'
import { isOurAllow, type Rule } from '../../src/firewall/rule.ts'
import { presentRules } from './arbitrary.ts'
import { walkOf } from './packet.ts'
import { foreignRule, grant, machine } from './rules.ts'

const port = (first: number, last = first) => ({ first, last })
const tcp = (number: number, given: Partial<Rule> = {}) =>
  foreignRule(number, { protocol: 'TCP', ports: [port(22)], ...given })
const address = '10.0.0.4'

/** What one boundary with these rules leaves open, in short. */
const open = (...rules: Rule[]) => shown(openPortsOf([{ addresses: [address], steps: [stepOf('nsg', rules)] }]))
const shown = (all: readonly OpenPorts[]) =>
  all.map(({ first, last, protocol, rules }) =>
    [first === last ? first : `${first}-${last}`, protocol, ...rules.map(({ ruleName }) => ruleName)].join(' '),
  )

describe('a port is open to any source', () => {
  it('by a rule for everybody, however that is written', () => {
    for (const sources of [
      ['*'],
      ['0.0.0.0/0'],
      ['Internet'],
      ['INTERNET'],
      ['0.0.0.0/1', '128.0.0.0/1'],
      ['::/0', '*'],
    ])
      expect(open(tcp(300, { sources }))).toEqual(['22 TCP Foreign-300'])
  })

  it('not by a rule for some only, nor for another address', () => {
    for (const given of [
      { sources: ['203.0.113.0/24'] },
      { sources: ['VirtualNetwork'] },
      { sources: ['0.0.0.0/1', '128.0.0.0/2'] },
      { sources: ['::/0'] },
      { destinations: ['10.0.0.5/32'] },
      { protocol: 'OTHER' as const },
    ])
      expect(open(tcp(300, given))).toEqual([])
  })

  it('not behind a deny for everybody, ours or foreign, but behind one for some', () => {
    const allow = tcp(300)
    const deny = (given: Partial<Rule> = {}) => tcp(200, { access: 'DENY', ...given })
    for (const given of [
      {},
      { sources: ['Internet'] },
      { destinations: ['VirtualNetwork'] },
      { ports: [port(1, 100)] },
    ])
      expect(open(deny(given), allow)).toEqual([])
    expect(open(...desiredRules({ machines: [machine()], grants: [] }, [allow]).rules, allow)).toEqual([])
    for (const given of [
      { sources: ['203.0.113.0/24'] },
      { destinations: ['asg-1'] },
      { protocol: 'UDP' as const },
      { sourcePorts: [port(0, 1_023)] },
    ])
      expect(open(deny(given), allow)).toEqual(['22 TCP Foreign-300'])
  })

  it('not by an allow of ours: it stands for a grant', () => {
    const granted = grant({ sources: ['0.0.0.0/0'] })
    expect(open(...desiredRules({ machines: [machine()], grants: [granted] }, []).rules)).toEqual([])
  })

  it('by the rule that decides, and only where no earlier one does', () => {
    const everything = foreignRule(400)
    const stop = foreignRule(350, { access: 'DENY', protocol: 'TCP', ports: [port(5_985, 5_986)] })
    expect(open(tcp(300), stop, everything)).toEqual([
      '1-21 TCP Foreign-400',
      '1-65535 UDP Foreign-400',
      '22 TCP Foreign-300',
      '23-5984 TCP Foreign-400',
      '5987-65535 TCP Foreign-400',
    ])
    expect(open(everything)).toEqual(['1-65535 ANY Foreign-400'])
  })

  it('by rules for some that are for everybody together, those alone that it takes', () => {
    const part = (number: number, source: string, given: Partial<Rule> = {}) =>
      tcp(number, { sources: [source], ...given })
    const most = [part(300, '0.0.0.0/2'), part(310, '203.0.113.0/24'), part(320, '128.0.0.0/1')]
    expect(open(...most)).toEqual([])
    expect(open(...most, part(330, '64.0.0.0/2'))).toEqual(['22 TCP Foreign-300 Foreign-320 Foreign-330'])
    expect(open(...most, part(330, '64.0.0.0/2', { ports: [port(23)] }))).toEqual([])
    expect(open(...most, part(330, '64.0.0.0/2', { protocol: 'UDP' }))).toEqual([])
    expect(open(...most, part(330, '64.0.0.0/2'), tcp(340))).toEqual(['22 TCP Foreign-340'])
  })

  it('by rules for some only as far as their ports go together, and not behind a deny that comes between', () => {
    const half = tcp(300, { sources: ['0.0.0.0/1'], ports: [port(20, 30), port(25, 40)] })
    const other = tcp(320, { sources: ['128.0.0.0/1'], ports: [port(22, 35)], protocol: 'ANY' })
    const deny = (number: number) => tcp(number, { access: 'DENY', ports: [port(24)] })
    expect(open(half, other)).toEqual(['22-35 TCP Foreign-300 Foreign-320'])
    for (const [number, ports] of [
      [310, ['22-23', '25-35']],
      [330, ['22-35']],
    ] as const)
      expect(open(half, deny(number), other)).toEqual(ports.map((range) => `${range} TCP Foreign-300 Foreign-320`))
  })

  it('when every boundary of the path lets it pass, by a rule of each', () => {
    const subnet = stepOf('subnet', [foreignRule(300, { ports: [port(20, 80)] })])
    const own = stepOf('own', [tcp(310, { ports: [port(22), port(443)] })])
    expect(openPortsOf([{ addresses: [address], steps: [subnet, own] }])).toEqual([
      {
        ...port(22),
        protocol: 'TCP',
        rules: [
          { boundaryId: 'subnet', ruleName: 'Foreign-300' },
          { boundaryId: 'own', ruleName: 'Foreign-310' },
        ],
      },
    ])
    expect(openPortsOf([{ addresses: [address], steps: [subnet, stepOf('own', [])] }])).toEqual([])
  })

  it('by no rule at all where no boundary stands on the path', () => {
    expect(shown(openPortsOf([{ addresses: [address], steps: [] }]))).toEqual(['1-65535 ANY'])
    expect(openPortsOf([{ addresses: [], steps: [] }])).toEqual([])
  })

  it('when one of several interfaces and addresses leaves it open', () => {
    const only = (to: string) => stepOf('nsg', [tcp(300, { destinations: [to] })])
    const both = (step: ReturnType<typeof only>) =>
      shown(
        openPortsOf([
          { addresses: [address], steps: [step] },
          { addresses: ['10.0.1.4', 'fd00::4'], steps: [step] },
        ]),
      )
    expect(both(only('10.0.1.4/32'))).toEqual(['22 TCP Foreign-300'])
    expect(both(only('fd00::4/128'))).toEqual(['22 TCP Foreign-300'])
    expect(both(only('10.0.2.4/32'))).toEqual([])
  })
})

describe('whatever rules a boundary shows', () => {
  /** Somebody on the internet of whom no rule speaks, and what the cloud says of a packet of theirs. */
  const strangers = { '10.0.0.4': '192.0.2.1', 'fd00::4': '2001:db9::1' } as const
  const tagsOf = (inGroup: boolean) => (rules: readonly Rule[]) => {
    const holds = (text: string, own: string) => text === own || (inGroup && text === 'asg-1')
    const told = rules.map((rule) => ({
      ...rule,
      sources: rule.sources.map((text) => (text === 'Internet' ? '*' : text)),
      destinations: rule.destinations.map((text) => (holds(text, 'VirtualNetwork') ? '*' : text)),
    }))
    return walkOf(told, new Set())
  }
  const isOpen = (all: readonly OpenPorts[], number: number, protocol: 'TCP' | 'UDP') =>
    all.some(
      (one) => one.first <= number && number <= one.last && (one.protocol === protocol || one.protocol === 'ANY'),
    )

  it('every port by which a stranger would pass is shown, and no other where the cloud resolves nothing', () => {
    fc.assert(
      fc.property(
        presentRules,
        fc.constantFrom(...(Object.keys(strangers) as (keyof typeof strangers)[])),
        (rules, to) => {
          const foreign = rules.filter((rule) => !isOurAllow(rule))
          const all = openPortsOf([{ addresses: [to], steps: [stepOf('nsg', rules)] }])
          const guesses = foreign.some(({ destinations }) => destinations.some((text) => /^[a-zI]/.test(text)))
          for (const number of [21, 22, 25, 53, 443, 3_389, 3_500, 5_985])
            for (const protocol of ['TCP', 'UDP'] as const) {
              const packet = { source: strangers[to], destination: to, port: number, protocol }
              const passes = [false, true].map((inGroup) => tagsOf(inGroup)(foreign)(packet)?.access === 'ALLOW')
              if (passes.includes(true)) expect(isOpen(all, number, protocol)).toBe(true)
              else if (!guesses) expect(isOpen(all, number, protocol)).toBe(false)
            }
        },
      ),
      { seed: 20261125, numRuns: 120 },
    )
  }, 60_000)
})
