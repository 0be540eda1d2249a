import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { desiredRules } from '../../src/firewall/desired.ts'
import { applyChanges, diffRules } from '../../src/firewall/diff.ts'
import { guardChanges } from '../../src/firewall/guard.ts'
import type { BoundaryInput } from '../../src/firewall/input.ts'
import { isOurs, type Rule, type RuleChanges } from '../../src/firewall/rule.ts'
import { input, membership, observed, packetSources, presentRules } from './arbitrary.ts'
import { isIn, walkOf } from './packet.ts'
import { filler, foreignRule, grant, grantId, machine } from './rules.ts'

const wanted: BoundaryInput = { machines: [machine()], grants: [grant()] }
const planned = desiredRules(wanted, []).rules
const [allow, deny] = planned as [Rule, Rule]
const putting = (...put: Rule[]): RuleChanges => ({ remove: [], put })
const guard = (changes: RuleChanges, present: readonly Rule[] = [], given = wanted, ruleCount = present.length) =>
  guardChanges(changes, present, given, ruleCount)

describe('the guard lets through', () => {
  it('what was planned', () => {
    expect(guard(putting(...planned))).toEqual({ changes: putting(...planned), refused: [] })
  })

  it('any deny and any removal of what is over', () => {
    const changes = { remove: [allow.name], put: [{ ...deny, destinations: ['*'] }] }
    expect(guard(changes, [allow], { machines: [], grants: [] })).toEqual({ changes, refused: [] })
  })
})

describe('the guard holds back', () => {
  it.each<[string, Partial<Rule>]>([
    ['a wider source', { sources: ['203.0.113.0/24'] }],
    ['one source more', { sources: [...allow.sources, '192.0.2.1/32'] }],
    ['every source', { sources: ['*'] }],
    ['a source that the cloud resolves', { sources: ['Internet'] }],
    ['no source at all', { sources: [] }],
    ['another machine', { destinations: ['10.0.0.5/32'] }],
    ['one machine more', { destinations: [...allow.destinations, '10.0.0.5/32'] }],
    ['every machine', { destinations: ['*'] }],
    ['another port', { ports: [{ first: 23, last: 23 }] }],
    ['more ports', { ports: [{ first: 22, last: 23 }] }],
    ['one port more', { ports: [...allow.ports, { first: 80, last: 80 }] }],
    ['another protocol', { protocol: 'UDP' }],
    ['every protocol', { protocol: 'ANY' }],
  ])('an allow for %s', (_, given) => {
    expect(guard(putting({ ...allow, ...given }, deny)).changes).toEqual(putting(deny))
  })

  it('an allow without a live grant', () => {
    expect(guard(putting(allow), [], { ...wanted, grants: [] })).toEqual({ changes: putting(), refused: [] })
  })

  it('whatever does not bear our name', () => {
    const foreign = foreignRule(200, { name: 'AllowAll' })
    const changes = { remove: ['AllowAll'], put: [{ ...foreign, access: 'DENY' as const }] }
    expect(guard(changes, [foreign]).changes).toEqual({ remove: [], put: [] })
  })

  it('an allow whose number is taken, and says so to its grant', () => {
    const { changes, refused } = guard(putting(allow, deny), [foreignRule(allow.priority)])
    expect(changes).toEqual(putting(deny))
    expect(refused).toEqual([{ grantId: grantId(1), fault: expect.objectContaining({ code: 'PRIORITY_TAKEN' }) }])
  })

  it('the removal of a rule that a live grant still needs', () => {
    expect(guard({ remove: [allow.name], put: [] }, planned)).toEqual({ changes: putting(), refused: [] })
  })

  it('a rewriting that takes away what a live grant has', () => {
    const both = grant({ sources: ['203.0.113.7/32', '203.0.113.9/32'] })
    const given = { ...wanted, grants: [both] }
    const before = desiredRules(given, []).rules
    const narrowed = before.map((rule) => (rule.access === 'ALLOW' ? { ...rule, sources: ['203.0.113.7/32'] } : rule))
    expect(guard(putting(...narrowed.filter((rule) => rule.access === 'ALLOW')), before, given).changes).toEqual(
      putting(),
    )
  })

  it('no removal of a rule that another one of ours replaces', () => {
    const old = { ...allow, name: 'JitGateway-Allow-old', priority: 400 }
    const changes = { remove: [old.name], put: [allow] }
    expect(guard(changes, [old])).toEqual({ changes, refused: [] })
  })

  it('no removal of a rule that somebody has widened', () => {
    const widened = { ...allow, name: 'JitGateway-Allow-wide', sources: ['0.0.0.0/0'] }
    expect(guard({ remove: [widened.name], put: [] }, [widened]).changes.remove).toEqual([widened.name])
  })
})

describe('a boundary without room', () => {
  const many = Array.from({ length: 5 }, (_, nth) => grant({ grantId: grantId(nth), sources: [`192.0.2.${nth}/32`] }))
  const crowd = { ...wanted, grants: many }

  it('takes as many opens as there is room for, and tells the others what to do', () => {
    const present = filler(1_000, 1_899)
    const changes = diffRules(present, desiredRules(crowd, present).rules)
    // Outbound rules count too: 97 of them here.
    const guarded = guard(changes, present, crowd, 997)
    expect(guarded.changes.put.map((rule) => rule.access)).toEqual(['ALLOW', 'ALLOW', 'DENY'])
    expect(guarded.refused).toHaveLength(3)
    expect(guarded.refused[0]?.fault).toEqual({
      code: 'QUOTA_REACHED',
      message: expect.stringMatching(/at most 1000 rules .* Remove rules/),
    })
    const served = guarded.changes.put.flatMap((rule) => rule.sources)
    const refused = guarded.refused.map((one) => many.find((other) => other.grantId === one.grantId)?.sources[0])
    expect(new Set([...served, ...refused])).toEqual(new Set(['*', ...many.flatMap((one) => one.sources)]))
  })

  it('still takes denies and removals, and what rewrites a rule that is there', () => {
    const stale = { ...allow, name: 'JitGateway-Allow-stale', priority: 800 }
    const present = [...filler(1_000, 1_997), stale, { ...allow, description: 'edited' }]
    const changes = { remove: [stale.name], put: [allow, deny] }
    expect(guard(changes, present, wanted, 1_001)).toEqual({ changes, refused: [] })
  })

  it('counts addresses as well as rules', () => {
    const wide = Array.from({ length: 3_999 }, (_, nth) => `10.1.${nth >> 8}.${nth & 255}/32`)
    const present = [foreignRule(2_000, { access: 'DENY', sources: wide })]
    const guarded = guard(diffRules(present, desiredRules(crowd, present).rules), present, crowd)
    expect(guarded.changes.put.map((rule) => rule.access)).toEqual(['DENY'])
    expect(guarded.refused).toHaveLength(5)
  })
})

/** What a fault in the planning could do to a rule. */
const faults: readonly ((rule: Rule) => Rule)[] = [
  (rule) => ({ ...rule, sources: ['*'] }),
  (rule) => ({ ...rule, sources: ['0.0.0.0/0'] }),
  (rule) => ({ ...rule, destinations: ['*'] }),
  (rule) => ({ ...rule, destinations: [...rule.destinations, '10.0.0.5/32'] }),
  (rule) => ({ ...rule, ports: [{ first: 0, last: 65_535 }] }),
  (rule) => ({ ...rule, protocol: 'ANY' }),
  (rule) => ({ ...rule, access: 'ALLOW' }),
  (rule) => ({ ...rule, priority: 100 }),
  (rule) => ({ ...rule, name: 'Foreign-100' }),
]

it('whatever goes wrong in the planning, no rule of ours admits what no live grant gives', () => {
  const mistakes = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...faults)), { minLength: 1, maxLength: 4 })
  const check = (
    given: BoundaryInput,
    present: Rule[],
    tags: ReadonlySet<string>,
    made: [number, (typeof faults)[0]][],
  ) => {
    const changes = diffRules(present, desiredRules(given, present).rules)
    const put = [...changes.put]
    for (const [nth, fault] of made) if (put.length > 0) put[nth % put.length] = fault(put[nth % put.length] as Rule)
    const guarded = guardChanges({ ...changes, put }, present, given, observed(present).ruleCount)
    const after = applyChanges(present, guarded.changes)
    expect(after.filter((rule) => !isOurs(rule))).toEqual(present.filter((rule) => !isOurs(rule)))
    expect(new Set(after.map((rule) => rule.priority)).size).toBe(after.length)

    const written = new Set(guarded.changes.put)
    const opened = after.filter((rule) => written.has(rule) && rule.access === 'ALLOW')
    const decide = walkOf(opened, tags)
    for (const destination of ['10.0.0.4', '10.0.0.5', '10.0.1.6', '10.9.9.9', 'fd00::4', 'fd00::9'])
      for (const source of packetSources)
        for (const port of [21, 22, 53, 3389])
          for (const protocol of ['TCP', 'UDP'] as const) {
            if (decide({ source, destination, port, protocol }) === null) continue
            const isGiven = given.grants.some(
              (one) =>
                one.port === port &&
                (one.protocol === 'ANY' || one.protocol === protocol) &&
                one.addresses.includes(destination) &&
                one.sources.some((text) => isIn(source, text)),
            )
            if (!isGiven) expect.fail(`admits ${source} to ${destination} ${protocol} ${port}`)
          }
  }
  fc.assert(fc.property(input, presentRules, membership, mistakes, check), { seed: 20260101, numRuns: 150 })
})
