import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluate } from '../../src/access/evaluate.ts'
import type { AccessAsked } from '../../src/access/constraints.ts'
import { overlaps, type PolicyPort } from '../../src/access/policy.ts'
import { formatPrefix, parsePrefix, prefixContains, type Prefix } from '../../src/access/prefix.ts'
import { noTerms } from '../../src/access/terms.ts'
import { protocols, type Protocol } from '../../src/access/words.ts'

/** An address family, the bits that a prefix fixes, as text, and the prefix itself. */
interface Block {
  readonly family: 4 | 6
  readonly bits: string
  readonly text: string
}

/** Few bits differ, so that blocks often lie in one another; of IPv6 all lie in 2000::/3. */
const block: fc.Arbitrary<Block> = fc
  .record({
    family: fc.constantFrom<4 | 6>(4, 6),
    ones: fc.array(fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 127 })), { maxLength: 4 }),
    length: fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 128 })),
  })
  .map(({ family, ones, length }) => {
    const set = new Set(ones)
    const drawn = Array.from({ length: 128 }, (_, place) => (set.has(place) ? '1' : '0')).join('')
    const bits = (family === 4 ? drawn.slice(0, 32) : `001${drawn.slice(3)}`).slice(0, length)
    return { family, bits, text: textOf(family, bits) }
  })

function textOf(family: 4 | 6, bits: string): string {
  const width = family === 4 ? 32 : 128
  const bytes = (bits.padEnd(width, '0').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))
  return formatPrefix({ family, bytes, length: bits.length })
}

/** Containment by the bits written out, one after the other. */
const lies = (inner: Block, outer: Block) => inner.family === outer.family && inner.bits.startsWith(outer.bits)

function read(text: string): Prefix {
  const prefix = parsePrefix(text)
  if ('fault' in prefix) throw new Error(prefix.fault)
  return prefix
}

describe('A prefix', () => {
  it('contains another exactly when the bits of the other begin with its own', () => {
    fc.assert(
      fc.property(block, block, (outer, inner) => {
        expect(prefixContains(read(outer.text), read(inner.text))).toBe(lies(inner, outer))
      }),
      { numRuns: 500 },
    )
  })
})

interface DrawnPort extends PolicyPort {
  readonly blocks: readonly Block[]
}

const port = fc.integer({ min: 1, max: 4 })
const protocol = fc.constantFrom<Protocol>(...protocols)
const policy: fc.Arbitrary<DrawnPort[]> = fc
  .array(
    fc
      .record({
        port,
        protocol,
        blocks: fc.array(block, { minLength: 1, maxLength: 3 }),
        maximumDurationSeconds: fc.integer({ min: 300, max: 86_400 }),
      })
      .map((drawn) => ({ ...drawn, allowedSources: drawn.blocks.map(({ text }) => text), approval: null })),
    { minLength: 1, maxLength: 5 },
  )
  .filter((ports) => overlaps(ports, []).length === 0)

type Ask = { readonly port: number; readonly protocol: Protocol | null }

const asked: fc.Arbitrary<Ask> = fc.record({ port, protocol: fc.option(protocol) })
const window = fc.record({
  blocks: fc.array(block, { minLength: 1, maxLength: 3 }),
  durationSeconds: fc.option(fc.integer({ min: 10, max: 100_000 })),
})

/** What a rule of the policy says of a protocol, written out: every packet asked for is one that it names. */
const packets = (of: Protocol) => (of === 'ANY' ? ['TCP', 'UDP', 'other'] : [of])
const names = (rule: PolicyPort, wanted: Protocol) =>
  packets(wanted).every((packet) => packets(rule.protocol).includes(packet))

/** The constraints that fail, worked out one by one. */
function failing(ports: readonly DrawnPort[], ask: Ask, blocks: readonly Block[], seconds: number | null) {
  const onPort = ports.filter((rule) => rule.port === ask.port)
  const [first] = onPort
  if (first === undefined) return ['PORT']
  const { protocol: wanted } = ask
  const rule = wanted === null ? first : onPort.find((one) => names(one, wanted))
  const against = rule ?? first
  return [
    ...(rule === undefined ? ['PROTOCOL'] : []),
    ...blocks
      .filter((source) => !against.blocks.some((allowed) => lies(source, allowed)))
      .map((source) => `SOURCE ${source.text}`),
    ...(seconds !== null && seconds > against.maximumDurationSeconds ? ['DURATION'] : []),
  ]
}

/** An evaluation against a policy that asks for nothing but what its ports say. */
const judge = (ports: readonly DrawnPort[], ask: Ask, access: Pick<AccessAsked, 'sources' | 'durationSeconds'>) => {
  const rest = { requesterId: 'rob', endsAt: null, justification: null, ticket: null }
  return evaluate({ ...noTerms, ports }, ask, { ...rest, ...access }, [])
}

type Check = (
  answer: ReturnType<typeof evaluate>,
  ports: readonly DrawnPort[],
  ask: Ask,
  blocks: readonly Block[],
  seconds: number | null,
) => void

const run = (check: Check) =>
  fc.assert(
    fc.property(policy, asked, window, (ports, ask, { blocks, durationSeconds }) => {
      const sources = blocks.map(({ text }) => text)
      check(judge(ports, ask, { sources, durationSeconds }), ports, ask, blocks, durationSeconds)
    }),
    { numRuns: 500 },
  )

describe('The evaluation of a request', () => {
  it('permits nothing that lies outside of the policy', () => {
    let permitted = 0
    run((answer, ports, ask, blocks, seconds) => {
      if (answer.permitted === null) return
      permitted += 1
      const { protocol: given, durationSeconds } = answer.permitted
      const inside = ports.some(
        (rule) =>
          rule.port === ask.port &&
          names(rule, given) &&
          durationSeconds <= rule.maximumDurationSeconds &&
          blocks.every((source) => rule.blocks.some((allowed) => lies(source, allowed))),
      )
      expect(inside).toBe(true)
      expect(ask.protocol ?? given).toBe(given)
      expect(seconds ?? durationSeconds).toBe(durationSeconds)
    })
    expect(permitted).toBeGreaterThan(0)
  })

  it('lists each constraint that fails and no other, with what would pass', () => {
    const seen = new Set<string>()
    run((answer, ports, ask, blocks, seconds) => {
      const listed = answer.violations.map(({ constraint, asked: was }) =>
        constraint === 'SOURCE' ? `SOURCE ${was}` : constraint,
      )
      expect(listed).toEqual(failing(ports, ask, blocks, seconds))
      expect(answer.permitted !== null).toBe(listed.length === 0)
      for (const { constraint, allowed } of answer.violations) {
        seen.add(constraint)
        expect(allowed.length).toBeGreaterThan(0)
      }
    })
    expect([...seen].toSorted()).toEqual(['DURATION', 'PORT', 'PROTOCOL', 'SOURCE'])
  })

  it('permits what each violation says would pass', () => {
    run((answer, ports, ask, blocks) => {
      const [violation] = answer.violations
      if (violation?.constraint !== 'SOURCE') return
      const sources = [violation.allowed[0] ?? '']
      const again = judge(ports, ask, { sources, durationSeconds: null })
      expect(again.violations).toEqual([])
      expect(blocks.map(({ text }) => text)).toContain(violation.asked)
    })
  })
})
