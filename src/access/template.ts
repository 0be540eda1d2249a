import { scopesOf } from './lockdown.ts'
import { defaultPorts, type PolicyPort, type PolicyTerms } from './policy.ts'
import type { CommonTerms } from './terms.ts'
import type { OperatingSystem } from './words.ts'

/** What becomes of the policy of a machine that no template covers any more. */
export const leavings = ['KEEP_POLICY', 'DISABLE_JIT'] as const
export type Leaving = (typeof leavings)[number]

/** A tag that a machine must have. */
export interface TagAsked {
  /** In any case. */
  readonly name: string
  /** In this case; null: any value. */
  readonly value: string | null
}

/** What a template says of each machine that it covers. */
export interface TemplateTerms extends CommonTerms {
  /** Null: the default ports of each machine's operating system. */
  readonly ports: readonly PolicyPort[] | null
}

/** A policy for every machine of a scope, or those there with some tags, now and later. */
export interface PolicyTemplate {
  readonly id: string
  /** None twice in a scope, whatever its case. */
  readonly name: string
  readonly scope: string
  /** All of them; empty for every machine of the scope. */
  readonly tags: readonly TagAsked[]
  readonly terms: TemplateTerms
  readonly whenLeft: Leaving
  /** Counts up with each change, from 1. */
  readonly version: number
}

/** A template as it is stated, whichever it is. */
export type StatedTemplate = Omit<PolicyTemplate, 'id'>

/** What decides whether a machine is covered. */
export interface Coverable {
  readonly id: string
  readonly tags: Readonly<Record<string, string>>
}

/**
 * The template that covers a machine; null when none does. Of several it is that of the narrowest scope; there that
 * which asks for most tags; of these the first by name.
 */
export function templateFor<Template extends Pick<PolicyTemplate, 'scope' | 'tags' | 'name'>>(
  machine: Coverable,
  templates: readonly Template[],
): Template | null {
  const scopes = scopesOf(machine.id)
  const tags = new Map(Object.entries(machine.tags).map(([name, value]) => [name.toLowerCase(), value]))
  const covering = templates.filter(
    (template) => scopes.includes(template.scope) && template.tags.every((asked) => isMet(asked, tags)),
  )
  return covering.toSorted(precedence)[0] ?? null
}

function isMet({ name, value }: TagAsked, tags: ReadonlyMap<string, string>): boolean {
  const has = tags.get(name.toLowerCase())
  return has !== undefined && (value === null || has === value)
}

type Ranked = Pick<PolicyTemplate, 'scope' | 'tags' | 'name'>

function precedence(left: Ranked, right: Ranked): number {
  return (
    right.scope.length - left.scope.length ||
    right.tags.length - left.tags.length ||
    (left.name.toLowerCase() < right.name.toLowerCase() ? -1 : 1)
  )
}

/** What a template says of one machine; null when it depends on the operating system, and that is not known. */
export function termsFor({ ports, ...common }: TemplateTerms, os: OperatingSystem | null): PolicyTerms | null {
  const own = ports ?? defaultPorts(os)
  return own === null ? null : { ...common, ports: own }
}
