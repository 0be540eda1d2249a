import { formatPrefix } from '../access/prefix.ts'
import { prefixOf } from './match.ts'
import type { PortRange, Rule } from './rule.ts'

/** Whether two rules say the same: the cloud may reorder lists, rewrite addresses and change the case of a name. */
export function sameRule(left: Rule, right: Rule): boolean {
  return (
    left.name.toLowerCase() === right.name.toLowerCase() &&
    left.priority === right.priority &&
    left.description === right.description &&
    sameMatch(left, right)
  )
}

/** Whether two rules do the same to the same packets, wherever they stand. */
export function sameMatch(left: Rule, right: Rule): boolean {
  return (
    left.access === right.access &&
    left.protocol === right.protocol &&
    sameTexts(left.sources, right.sources) &&
    sameTexts(left.destinations, right.destinations) &&
    sameRanges(left.sourcePorts, right.sourcePorts) &&
    sameRanges(left.ports, right.ports) &&
    left.translatesTo?.address === right.translatesTo?.address &&
    left.translatesTo?.port === right.translatesTo?.port
  )
}

/** Most lists are short and already alike: sorting is for the rest. */
function sameTexts(left: readonly string[], right: readonly string[]): boolean {
  if (left.length === right.length && left.every((text, index) => text === right[index])) return true
  return canonical(left.map(canonicalAddress)) === canonical(right.map(canonicalAddress))
}

function sameRanges(left: readonly PortRange[], right: readonly PortRange[]): boolean {
  return canonical(left.map(rangeText)) === canonical(right.map(rangeText))
}

const canonical = (texts: readonly string[]) => [...new Set(texts)].toSorted().join(' ')

const rangeText = ({ first, last }: PortRange) => `${first}-${last}`

function canonicalAddress(text: string): string {
  const prefix = prefixOf(text)
  return prefix === null ? text.toLowerCase() : formatPrefix(prefix)
}
