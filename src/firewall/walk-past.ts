import { lettingAllIn, type RuleForAnyone, type RulesForAnyone } from './anyone.ts'
import type { PortRange } from './rule.ts'

/** A rule of a boundary. */
export interface RuleAt {
  readonly boundaryId: string
  readonly ruleName: string
}

/** A boundary on the way to an interface, with its rules read once for all the machines behind it. */
export interface Step {
  readonly boundaryId: string
  readonly rules: RulesForAnyone
  /** Whether what no rule decides on passes. */
  readonly passesUndecided: boolean
}

/** Consecutive ports that are open, by these rules. */
export interface Open extends PortRange {
  readonly rules: readonly RuleAt[]
}

/** Ports on which no rule decided for everybody yet, and the allows for some of them, the last one first. */
interface Undecided extends PortRange {
  readonly some: Some | null
}

interface Some {
  readonly read: RuleForAnyone
  readonly before: Some | null
}

/** A range of ports taken apart by the rules that decide on each part of it; what does not pass is left out. */
export function walkPast(range: Open, walk: readonly RuleForAnyone[], { boundaryId, passesUndecided }: Step): Open[] {
  let undecided: Undecided[] = [{ ...range, some: null }]
  const passed: Open[] = []
  const pass = ({ first, last }: PortRange, by: readonly RuleForAnyone[]) => {
    passed.push({
      first,
      last,
      rules: [...range.rules, ...by.map(({ rule }) => ({ boundaryId, ruleName: rule.name }))],
    })
  }
  /** Whether allows for some decided already, together. */
  const passesBySome = (part: PortRange, some: Some | null): boolean => {
    const by = some === null ? null : lettingAllIn(listed(some))
    if (by !== null) pass(part, by)
    return by !== null
  }
  const decide = (one: Undecided, read: RuleForAnyone, ports: PortRange): Undecided[] => {
    const [part] = common(one, ports)
    if (part === undefined || one.some?.read === read) return [one]
    const others = rest(one, ports).map((other) => ({ ...other, some: one.some }))
    if (read.whom !== 'ANYONE') return [...others, { ...part, some: { read, before: one.some } }]
    if (read.rule.access === 'ALLOW') pass(part, [read])
    else passesBySome(part, one.some)
    return others
  }
  for (const read of walk) {
    if (undecided.length === 0) break
    for (const ports of read.rule.ports) undecided = undecided.flatMap((one) => decide(one, read, ports))
  }
  for (const { some, ...part } of undecided) if (!passesBySome(part, some) && passesUndecided) pass(part, [])
  return passed.toSorted((left, right) => left.first - right.first)
}

function listed(some: Some): RuleForAnyone[] {
  const list: RuleForAnyone[] = []
  for (let one: Some | null = some; one !== null; one = one.before) list.push(one.read)
  return list.toReversed()
}

function common(left: PortRange, right: PortRange): PortRange[] {
  const [first, last] = [Math.max(left.first, right.first), Math.min(left.last, right.last)]
  return first <= last ? [{ first, last }] : []
}

function rest(range: PortRange, taken: PortRange): PortRange[] {
  if (common(range, taken).length === 0) return [range]
  return [
    ...(range.first < taken.first ? [{ first: range.first, last: taken.first - 1 }] : []),
    ...(taken.last < range.last ? [{ first: taken.last + 1, last: range.last }] : []),
  ]
}
