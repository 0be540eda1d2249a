import { Ec2Fault, invalid } from './fault.ts'
import type { Query } from './wire/query.ts'

/** The texts that a filter of each name looks at, in a resource. */
export type Looks<Item> = Readonly<Record<string, (item: Item) => readonly string[]>>

/** EC2 takes so many values in one filter. */
const MOST_VALUES = 200

/** The items that satisfy every filter of a call; a filter is satisfied by any of its values. `*` stands for anything. */
export function filtered<Item extends { readonly tags?: Readonly<Record<string, string>> }>(
  items: readonly Item[],
  query: Query,
  looks: Looks<Item>,
): readonly Item[] {
  const tests = query.parts('Filter').map((filter) => {
    const [name, values] = [filter.text('Name') ?? '', filter.texts('Value')]
    if (values.length > MOST_VALUES)
      throw new Ec2Fault('FilterLimitExceeded', `The maximum number of filter values is ${String(MOST_VALUES)}.`)
    const look = lookFor(name, looks)
    const patterns = values.map(patternOf)
    return (item: Item) => look(item).some((text) => patterns.some((pattern) => pattern.test(text)))
  })
  return items.filter((item) => tests.every((test) => test(item)))
}

function lookFor<Item extends { readonly tags?: Readonly<Record<string, string>> }>(name: string, looks: Looks<Item>) {
  if (name === 'tag-key') return (item: Item) => Object.keys(item.tags ?? {})
  if (name.startsWith('tag:')) return (item: Item) => [item.tags?.[name.slice('tag:'.length)] ?? []].flat()
  const look = looks[name]
  if (look === undefined) throw invalid(`The filter '${name}' is invalid`)
  return look
}

function patternOf(value: string): RegExp {
  return new RegExp(
    `^${value
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  )
}
