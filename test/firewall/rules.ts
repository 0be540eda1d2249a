import type { LiveGrant, ProtectedMachine } from '../../src/firewall/input.ts'
import type { Rule } from '../../src/firewall/rule.ts'

/** A foreign rule that lets everybody everywhere, but for what a test says of it. */
export function foreignRule(priority: number, given: Partial<Rule> = {}): Rule {
  return {
    name: `Foreign-${priority}`,
    description: '',
    priority,
    access: 'ALLOW',
    protocol: 'ANY',
    sources: ['*'],
    sourcePorts: [{ first: 0, last: 65_535 }],
    destinations: ['*'],
    ports: [{ first: 0, last: 65_535 }],
    ...given,
  }
}

/** A Linux machine that keeps SSH closed. */
export function machine(given: Partial<ProtectedMachine> = {}): ProtectedMachine {
  return { vmId: 'vm-1', addresses: ['10.0.0.4'], ports: [{ port: 22, protocol: 'TCP' }], ...given }
}

/** A grant of SSH on that machine, from one address. */
export function grant(given: Partial<LiveGrant> = {}): LiveGrant {
  return {
    grantId: '01980000-0000-7000-8000-000000000001',
    vmId: 'vm-1',
    addresses: ['10.0.0.4'],
    port: 22,
    protocol: 'TCP',
    sources: ['203.0.113.7/32'],
    endsAt: '2026-01-01T12:00:00.000Z',
    ...given,
  }
}

/** The id of the nth grant of a test. */
export function grantId(nth: number): string {
  return `01980000-0000-7000-8000-${String(nth).padStart(12, '0')}`
}

/** Foreign rules of no consequence at each of the numbers. */
export function filler(first: number, last: number): Rule[] {
  return Array.from({ length: last - first + 1 }, (_, index) =>
    foreignRule(first + index, { destinations: ['192.168.0.0/16'], access: 'DENY' }),
  )
}
