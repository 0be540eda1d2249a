import { badInput } from '../bad-input.ts'
import { builder } from '../builder.ts'
import type { FilterValue } from '../read/description.ts'

/** Most tags one filter takes. */
export const MOST_TAGS = 20

export const TagFilter = builder.inputType('TagFilter', {
  description: 'A tag that a machine must have.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Its name, in any case.' }),
    value: t.string({ description: 'Its value, in this case. Null: any value.' }),
  }),
})

/** Fewer letters than this an index of parts of words cannot look for. */
const SHORTEST_PART = 3

const containing = (text: string) => (isPart(text) ? `%${text.replace(/[\\%_]/g, '\\$&')}%` : null)
const beginning = (text: string) => (isPart(text) ? null : text)
const isPart = (text: string) => text.length >= SHORTEST_PART

/** That a row is found by a search: one of the two parameters is null, and the index of the other finds the rest. */
export function searched(row: string, given: FilterValue): string | undefined {
  const part = given.bind('search', 'text', containing)
  if (part === undefined) return undefined
  const start = String(given.bind('search', 'text', beginning))
  return `(${row}.search_text like lower(${part})
    or (lower(${row}.name) ~>=~ lower(${start}) and lower(${row}.name) ~<~ (lower(${start}) || chr(1114111))))`
}

interface Tag {
  readonly name: string
  readonly value?: string | null
}

const tagNames = (tags: readonly Tag[]): string[] => {
  if (tags.length === 0) throw badInput('Name at least one tag, or leave the list out.')
  if (tags.length > MOST_TAGS) throw badInput(`At most ${String(MOST_TAGS)} tags can be given.`)
  return tags.map(({ name }) => name)
}
const tagValues = (tags: readonly Tag[]) => tags.map(({ value = null }) => value)

/** That a row has all of the tags: by the words that the database's `tag_words` makes of them, which an index holds. */
export function tagged(row: string, given: FilterValue): string | undefined {
  const names = given.bind('tags', 'text[]', tagNames)
  if (names === undefined) return undefined
  const values = String(given.bind('tags', 'text[]', tagValues))
  return `tag_words(${row}.tags) @> array(select lower(t.name) || coalesce(E'\\n' || t.value, '')
    from unnest(${names}, ${values}) t(name, value))`
}
