import { badInput } from '../bad-input.ts'

export const DEFAULT_PAGE = 20
export const LARGEST_PAGE = 100

/** Rows a page has, of the arguments of a connection; refuses what is out of range. */
export function pageSize(args: { readonly first?: unknown; readonly last?: unknown }): number {
  if (typeof args.first === 'number' && typeof args.last === 'number')
    throw badInput('Give `first` or `last`, not both: a page is read from one end.')
  const [name, size] = typeof args.last === 'number' ? ['last', args.last] : ['first', args.first ?? DEFAULT_PAGE]
  if (typeof size !== 'number' || size < 0 || size > LARGEST_PAGE)
    throw badInput(`\`${String(name)}\` is from 0 to ${String(LARGEST_PAGE)}, not ${JSON.stringify(size)}.`)
  return size
}

/** What a page multiplies the cost of its rows by. Sizes out of range are refused elsewhere, and cost the most here. */
export function pageCost(args: { readonly first?: unknown; readonly last?: unknown }): number {
  const size = Math.abs(Number(args.last ?? args.first ?? DEFAULT_PAGE))
  return Math.min(Math.max(size, 1), LARGEST_PAGE)
}
