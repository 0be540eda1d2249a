import { Ec2Fault, invalid } from './fault.ts'
import type { Query } from './wire/query.ts'

/**
 * The page of a list that a call asks for, in the order of ids, and the token of the next; without `MaxResults` the list
 * is whole. A token leads on behind the last id that was shown, whatever came or went meanwhile.
 */
export function pageOf<Item extends { readonly id: string }>(
  items: readonly Item[],
  query: Query,
  most: number,
): { readonly items: readonly Item[]; readonly nextToken: string | undefined } {
  const sorted = items.toSorted((left, right) => (left.id < right.id ? -1 : 1))
  const asked = query.text('MaxResults')
  const token = query.text('NextToken')
  const after = token === null ? '' : readToken(token)
  const rest = sorted.filter(({ id }) => id > after)
  if (asked === null) return { items: rest, nextToken: undefined }
  const size = Number(asked)
  if (!/^\d+$/.test(asked) || size < 5 || size > 1_000)
    throw invalid(`Value ( ${asked} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.`)
  const page = rest.slice(0, Math.min(size, most))
  const last = page.at(-1)
  const more = last !== undefined && page.length < rest.length
  return { items: page, nextToken: more ? Buffer.from(last.id).toString('base64') : undefined }
}

/** EC2 takes no list of ids together with a size of pages. */
export function refuseIdsWithPages(query: Query, ids: readonly string[]): void {
  if (ids.length > 0 && query.text('MaxResults') !== null)
    throw new Ec2Fault('InvalidParameterCombination', 'The parameter MaxResults cannot be used with a list of ids')
}

function readToken(token: string): string {
  const id = Buffer.from(token, 'base64').toString()
  if (!/^[a-z]+-[0-9a-f]+$/.test(id)) throw invalid(`The token '${token}' is invalid`)
  return id
}
