import { readPorts, recommendedPorts, type PortInput } from './policy.ts'
import { same } from './same.ts'
import type { Leaving, PolicyTemplate, StatedTemplate, TagAsked } from './template.ts'
import { changeTerms, noTerms, readTerms, type TermsInput } from './terms.ts'
import type { UserError } from './user-error.ts'

/** A template as asked. */
export interface TemplateInput extends TermsInput {
  readonly name: string
  readonly tags?: readonly { readonly name: string; readonly value?: string | null }[] | null
  /** Null: the default ports of each machine's operating system, or the recommended ones. */
  readonly ports?: readonly PortInput[] | null
  readonly recommended?: boolean | null
  /** Null keeps the policies. */
  readonly whenLeft?: Leaving | null
}

/** Bounds of a set; lengths are in characters. */
export const templateBounds = { mostTemplates: 100, mostTags: 20, longestName: 80, longestTag: 512 } as const

/** A template of a set: its scope is that of the set. */
export type WantedTemplate = Omit<StatedTemplate, 'version' | 'scope'>

/** Checks a set as asked and fills in the defaults. */
export function readTemplates(input: readonly TemplateInput[]): {
  readonly templates: readonly WantedTemplate[]
  readonly userErrors: readonly UserError[]
} {
  const { mostTemplates: limit } = templateBounds
  const field = ['templates']
  if (input.length > limit) {
    const message = `A scope has at most ${limit} templates.`
    return { templates: [], userErrors: [{ code: 'LIMIT_EXCEEDED', field, limit, message }] }
  }
  const read = input.map((one, index) => readTemplate(one, [...field, String(index)]))
  const names = input.map(({ name }) => name.trim().toLowerCase())
  const twice = names.flatMap((name, index): UserError[] =>
    names.indexOf(name) === index
      ? []
      : [{ code: 'INVALID_INPUT', field: [...field, String(index), 'name'], message: 'This name is given twice.' }],
  )
  return {
    templates: read.map(({ template }) => template),
    userErrors: [...read.flatMap(({ userErrors }) => userErrors), ...twice],
  }
}

function readTemplate(input: TemplateInput, field: readonly string[]) {
  const name = input.name.trim()
  const tags = (input.tags ?? []).map(({ name: tag, value = null }) => ({ name: tag, value }))
  const asked = input.ports ?? (input.recommended ? recommendedPorts : null)
  const read = asked === null ? { ports: null, userErrors: [] } : readPorts(asked, ['ports'])
  const common = readTerms(input)
  const terms = { ...changeTerms(noTerms, common.changes), ports: read.ports }
  const userErrors = [
    ...nameErrors(name),
    ...tagErrors(tags),
    ...read.userErrors,
    ...(input.recommended && input.ports
      ? [invalid(['recommended'], 'Name ports or ask for the recommended ones.')]
      : []),
    ...common.userErrors,
  ].map((error) => ({ ...error, field: [...field, ...error.field] }))
  const template: WantedTemplate = { name, tags, terms, whenLeft: input.whenLeft ?? 'KEEP_POLICY' }
  return { template, userErrors }
}

const invalid = (field: readonly string[], message: string): UserError => ({ code: 'INVALID_INPUT', field, message })

function nameErrors(name: string): UserError[] {
  const { longestName } = templateBounds
  if (name.length > 0 && name.length <= longestName) return []
  return [invalid(['name'], `The name of a template has 1 to ${longestName} characters.`)]
}

function tagErrors(tags: readonly TagAsked[]): UserError[] {
  const { mostTags: limit, longestTag } = templateBounds
  if (tags.length > limit)
    return [{ code: 'LIMIT_EXCEEDED', field: ['tags'], limit, message: `A template names at most ${limit} tags.` }]
  return tags.flatMap(({ name, value }, index): UserError[] => {
    const field = ['tags', String(index)]
    if (name.length === 0 || name.length > longestTag || (value ?? '').length > longestTag)
      return [invalid(field, `The name of a tag has 1 to ${longestTag} characters, its value at most as many.`)]
    const twice = tags.findIndex((other) => other.name.toLowerCase() === name.toLowerCase()) !== index
    return twice ? [invalid(field, 'This tag is named twice.')] : []
  })
}

/** What becomes of one template when a set is stated. */
export const templateChanges = ['CREATE', 'CHANGE', 'KEEP', 'REMOVE'] as const

/** A template of a scope before and after a set is stated; `before` is null of a new one, `after` of one to be removed. */
export interface TemplateChange {
  readonly change: (typeof templateChanges)[number]
  readonly name: string
  readonly before: PolicyTemplate | null
  readonly after: WantedTemplate | null
}

/** What a set changes of the templates of its scope, which are known by their names: first those of the set, as stated. */
export function changesOf(
  current: readonly PolicyTemplate[],
  wanted: readonly WantedTemplate[],
): readonly TemplateChange[] {
  const isNamed = (name: string) => (other: { readonly name: string }) =>
    other.name.toLowerCase() === name.toLowerCase()
  const stated = wanted.map((after): TemplateChange => {
    const before = current.find(isNamed(after.name)) ?? null
    if (before === null) return { change: 'CREATE', name: after.name, before, after }
    const { name, tags, terms, whenLeft } = before
    return { change: same({ name, tags, terms, whenLeft }, after) ? 'KEEP' : 'CHANGE', name: after.name, before, after }
  })
  const removed = current.filter(({ name }) => !wanted.some(isNamed(name)))
  return [
    ...stated,
    ...removed.map((before) => ({ change: 'REMOVE' as const, name: before.name, before, after: null })),
  ]
}
