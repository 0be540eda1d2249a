import { bounds, parsePattern, type Node } from './text-pattern-syntax.ts'

/** A pattern that texts can be matched against, in time that grows with the text and the pattern and no faster. */
export interface TextPattern {
  readonly steps: readonly Step[]
  readonly start: number
}

/** Takes one character, goes on at several places at once, or has matched. */
type Step =
  | { readonly kind: 'take'; readonly takes: (code: number) => boolean; readonly next: number }
  | { readonly kind: 'fork'; next: readonly number[] }
  | { readonly kind: 'end' }

/**
 * Reads a pattern. The language is that of regular expressions without what cannot be matched in linear time: no
 * references back, no looking around. It is never handed to an engine that goes back on its tracks: whoever writes a
 * policy could otherwise bring the gateway to a stand with a short pattern and a short text.
 */
export function readPattern(text: string): TextPattern | { readonly fault: string } {
  const parsed = parsePattern(text)
  if ('fault' in parsed) return parsed
  const steps: Step[] = [{ kind: 'end' }]
  let work = 0

  /** Writes the steps of `node` ahead of `next`, and answers where they begin; null when they become too many. */
  const write = (node: Node, next: number): number | null => {
    work += 1
    // Work counts beside steps: what is repeated may have none.
    if (steps.length > bounds.mostSteps || work > bounds.mostSteps * 10) return null
    if (node.kind === 'set') return steps.push({ kind: 'take', takes: node.takes, next }) - 1
    if (node.kind === 'sequence') return node.of.reduceRight<number | null>((at, one) => then(at, one), next)
    if (node.kind === 'choice') {
      const ways = node.of.map((one) => write(one, next))
      return ways.some((way) => way === null) ? null : steps.push({ kind: 'fork', next: ways as number[] }) - 1
    }
    let at: number | null = next
    if (node.most === null) {
      const fork: Step = { kind: 'fork', next: [next] }
      at = steps.push(fork) - 1
      const again = write(node.of, at)
      if (again === null) return null
      fork.next = [next, again]
    } else
      for (let more = node.least; more < node.most && at !== null; more++) {
        const body = then(at, node.of)
        at = body === null ? null : steps.push({ kind: 'fork', next: [next, body] }) - 1
      }
    for (let one = 0; one < node.least && at !== null; one++) at = then(at, node.of)
    return at
  }
  const then = (at: number | null, node: Node) => (at === null ? null : write(node, at))

  const start = write(parsed.node, 0)
  if (start === null || steps.length > bounds.mostSteps)
    return { fault: `The pattern stands for too much: at most ${bounds.mostSteps} characters when it is written out.` }
  return { steps, start }
}

/** Whether the whole of `text` is what the pattern describes. */
export function matchesPattern({ steps, start }: TextPattern, text: string): boolean {
  let here = new Set<number>()
  const reach = (place: number, into: Set<number>) => {
    const open = [place]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (into.has(at)) continue
      into.add(at)
      const step = steps[at]
      if (step?.kind === 'fork') open.push(...step.next)
    }
  }
  reach(start, here)
  for (const character of text) {
    const code = character.codePointAt(0) as number
    const ahead = new Set<number>()
    for (const at of here) {
      const step = steps[at]
      if (step?.kind === 'take' && step.takes(code)) reach(step.next, ahead)
    }
    if (ahead.size === 0) return false
    here = ahead
  }
  return here.has(0)
}
