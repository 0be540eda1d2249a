import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { followingOf, type Follower, type FollowingPolicy } from '../../src/access/following.ts'
import { follow, overridesOf } from '../../src/access/overrides.ts'
import { covers, type PolicyPort, type PolicyTerms } from '../../src/access/policy.ts'
import { anySource } from '../../src/access/prefix.ts'
import { templateFor, type PolicyTemplate } from '../../src/access/template.ts'
import { noTerms } from '../../src/access/terms.ts'
import type { Protocol } from '../../src/access/words.ts'

const group = '/subscriptions/a1b2c3d4-0000-4000-8000-000000000001/resourcegroups/shop'
const machine = (tags: Record<string, string> = {}) => ({
  id: `${group}/providers/microsoft.compute/virtualmachines/web`,
  tags,
})
const port = (number: number, protocol: Protocol = 'TCP', maximumDurationSeconds = 3_600): PolicyPort => ({
  port: number,
  protocol,
  allowedSources: anySource,
  maximumDurationSeconds,
  approval: null,
})
const terms = (...ports: PolicyPort[]): PolicyTerms => ({ ...noTerms, ports })
const template = (name: string, more: Partial<PolicyTemplate> = {}): PolicyTemplate => ({
  id: name,
  name,
  scope: group,
  tags: [],
  terms: terms(port(22)),
  whenLeft: 'KEEP_POLICY',
  version: 1,
  ...more,
})
const tag = (name: string, value: string | null = null) => ({ name, value })

describe('the template of a machine', () => {
  it.each<[string, Record<string, string>, PolicyTemplate[], string | null]>([
    ['is none where none is stated', {}, [], null],
    ['is one of a scope it lies in', {}, [template('all', { scope: '/' })], 'all'],
    ['is none of a scope beside it', {}, [template('other', { scope: `${group}s` })], null],
    [
      'is that of the narrowest scope',
      { env: 'prod' },
      [template('wide', { scope: '/', tags: [tag('env')] }), template('near')],
      'near',
    ],
    [
      'is in a scope that with most tags',
      { env: 'prod', tier: 'db' },
      [template('a', { tags: [tag('env')] }), template('b', { tags: [tag('env'), tag('tier')] })],
      'b',
    ],
    ['is of equal ones the first by name', {}, [template('b'), template('A')], 'A'],
    ['asks for tags by name in any case', { Env: 'prod' }, [template('a', { tags: [tag('eNV')] })], 'a'],
    ['asks for values in their case', { env: 'prod' }, [template('a', { tags: [tag('env', 'Prod')] })], null],
    ['asks for all tags', { env: 'prod' }, [template('a', { tags: [tag('env'), tag('tier')] })], null],
  ])('%s', (_what, tags, templates, name) => {
    expect(templateFor(machine(tags), templates)?.name ?? null).toBe(name)
  })
})

const ports = fc
  .uniqueArray(
    fc.tuple(fc.constantFrom(22, 3389, 8080), fc.constantFrom<Protocol>('TCP', 'UDP'), fc.constantFrom(600, 900)),
    {
      selector: ([number, protocol]) => `${number}/${protocol}`,
      minLength: 1,
    },
  )
  .map((all) => all.map(([number, protocol, seconds]) => port(number, protocol, seconds)))
const someTerms = fc
  .record({ ports, notice: fc.constantFrom(null, 60), required: fc.boolean() })
  .map(({ ports: some, notice, required }): PolicyTerms => ({
    ...terms(...some),
    noticeSeconds: notice,
    ticket: { required, pattern: null },
  }))
const sorted = (policy: PolicyTerms) => follow(policy, [], policy)

describe('a policy that follows a template', () => {
  it('says what the template says in all but its overrides, and keeps those', () => {
    fc.assert(
      fc.property(someTerms, someTerms, someTerms, (policy, before, after) => {
        const overrides = overridesOf(policy, before)
        const followed = follow(policy, overrides, after)
        // As its template was, it is as it was.
        expect(follow(policy, overrides, before)).toEqual(sorted(policy))
        // Without overrides it is the template.
        expect(follow(policy, [], after)).toEqual(sorted(after))
        // What it says other than the template from then on it said other than the template before.
        expect(overrides).toEqual(expect.arrayContaining([...overridesOf(followed, after)]))
        // Following twice is following once.
        expect(follow(followed, overridesOf(followed, after), after)).toEqual(followed)
      }),
      { numRuns: 500 },
    )
  })

  it('leaves out a port of the template that overlaps one of its own', () => {
    const policy = terms(port(22, 'UDP'))
    const followed = follow(policy, overridesOf(policy, terms(port(3389))), terms(port(22, 'ANY'), port(443)))
    expect(followed.ports.map((one) => `${one.port}/${one.protocol}`)).toEqual(['22/UDP', '443/TCP'])
    const clash = followed.ports.filter((one) => followed.ports.some((other) => other !== one && covers(one, other)))
    expect(clash).toEqual([])
  })

  it('never has more ports than a policy can have', () => {
    const own = terms(...Array.from({ length: 30 }, (_, n) => port(1_000 + n)))
    const wanted = terms(...Array.from({ length: 50 }, (_, n) => port(2_000 + n)))
    expect(follow(own, overridesOf(own, terms(port(22))), wanted).ports).toHaveLength(50)
  })
})

const bare: Follower = { os: 'LINUX', unsupportedReason: null, leftOut: false, policy: null }
const following = (policy: PolicyTerms, by: PolicyTemplate): FollowingPolicy => ({
  ...policy,
  follows: { template: by, overrides: overridesOf(policy, by.terms as PolicyTerms) },
})
const own: FollowingPolicy = { ...terms(port(443)), follows: null }
const near = template('near')
const leaving = template('leaving', { whenLeft: 'DISABLE_JIT' })

describe('what a template comes to at a machine', () => {
  it.each<[string, Follower, PolicyTemplate | null, object]>([
    ['without a policy is a policy', bare, near, { kind: 'CREATE', terms: near.terms }],
    ['without a policy and a template is nothing', bare, null, { kind: 'NOTHING' }],
    ['that cannot have JIT is nothing', { ...bare, unsupportedReason: 'CLASSIC' }, near, { kind: 'UNSUPPORTED' }],
    ['that somebody left out is nothing', { ...bare, leftOut: true }, near, { kind: 'LEFT_OUT' }],
    [
      'of an unknown system is nothing where the system decides',
      { ...bare, os: null },
      template('default', { terms: { ...noTerms, ports: null } }),
      { kind: 'SYSTEM_UNKNOWN' },
    ],
    [
      'of Windows is RDP where the system decides',
      { ...bare, os: 'WINDOWS' },
      template('default', { terms: { ...noTerms, ports: null } }),
      { kind: 'CREATE', terms: { ports: [{ port: 3389 }] } },
    ],
    [
      'with a policy of its own is that policy, all of it an override',
      { ...bare, policy: own },
      near,
      {
        kind: 'ADOPT',
        terms: { ports: own.ports },
        overrides: [
          { term: 'PORT', port: 22 },
          { term: 'PORT', port: 443 },
        ],
      },
    ],
    [
      'whose policy follows it as it is is nothing',
      { ...bare, policy: following(terms(port(22)), near) },
      near,
      { kind: 'NOTHING' },
    ],
    [
      'whose policy follows it as it was is a change',
      { ...bare, policy: following(terms(port(22)), near) },
      template('near', { terms: terms(port(22, 'TCP', 900)) }),
      { kind: 'CHANGE', terms: { ports: [{ maximumDurationSeconds: 900 }] }, overrides: [] },
    ],
    [
      'whose policy follows another that says the same is that it follows this one',
      { ...bare, policy: following(terms(port(22)), template('wide')) },
      near,
      { kind: 'ADOPT', overrides: [] },
    ],
    [
      'that none covers any more is that its policy stands for itself',
      { ...bare, policy: following(terms(port(22)), near) },
      null,
      { kind: 'RELEASE' },
    ],
    [
      'that none covers any more is no policy where the template says so',
      { ...bare, policy: following(terms(port(22)), leaving) },
      null,
      { kind: 'DISABLE' },
    ],
    ['with a policy of its own and no template is nothing', { ...bare, policy: own }, null, { kind: 'NOTHING' }],
  ])('%s', (_what, follower, covering, expected) => {
    expect(followingOf(follower, covering)).toMatchObject(expected)
  })
})
