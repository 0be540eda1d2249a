import type { FilterValue } from './description.ts'
import { argumentsAt, type Parameters, type Run } from './parameters.ts'
import type { Selected } from './selection.ts'
import { distinct } from './shape.ts'

type Given = Readonly<Record<string, unknown>>
const unbounded = { below: false, above: false }

/** The filter that `node` was given. */
export function filterOf(
  parameters: Parameters,
  node: Selected,
  bounded: FilterValue['bounded'] = unbounded,
): FilterValue {
  const { index } = node
  const take = ({ selected }: Run) => argumentsAt(selected, index)['filter'] as Given
  return filterValue(parameters, (node.arguments['filter'] ?? {}) as Given, take, bounded)
}

/** A filter as given; `take` finds that of a run, which has the same parts. */
export function filterValue(
  parameters: Parameters,
  given: Given,
  take: (run: Run) => Given,
  bounded: FilterValue['bounded'],
): FilterValue {
  return {
    bounded,
    has: (name) => (given[name] ?? undefined) !== undefined,
    isOnly: (names) => Object.keys(given).every((name) => names.includes(name) || (given[name] ?? null) === null),
    shape: (name) => (given[name] ?? undefined) as string | boolean | undefined,
    among(name, column) {
      const words = given[name]
      if (words === undefined || words === null) return undefined
      const texts = distinct(words as readonly string[]).map((word) => `'${word}'`)
      return texts.length === 0 ? 'false' : `${column} in (${texts.join(', ')})`
    },
    bind(name, type, convert = (value) => value) {
      if (given[name] === undefined || given[name] === null) return undefined
      return parameters.bind((run) => convert(take(run)[name] as never, run.viewer), type)
    },
  }
}
