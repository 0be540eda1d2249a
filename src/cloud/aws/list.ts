import type { Filter, NetworkInterface, SecurityGroup, SecurityGroupRule } from '@aws-sdk/client-ec2'
import type { Ec2 } from './client.ts'
import type { Place } from './place.ts'
import { unexpectedAnswer } from './unexpected.ts'

/** What EC2 takes at most: entries of a page, and values of a filter. */
const [PAGE, MOST_VALUES] = [1_000, 200]

/** Lists of EC2, each a page of EC2's at a time. `filter` is a name and its values; without one everything is listed. */
export interface Lists {
  groups(place: Place, filter?: NamedFilter, signal?: AbortSignal): AsyncGenerator<readonly SecurityGroup[], undefined>
  rules(
    place: Place,
    filter?: NamedFilter,
    signal?: AbortSignal,
  ): AsyncGenerator<readonly SecurityGroupRule[], undefined>
  interfaces(
    place: Place,
    filter: NamedFilter,
    signal?: AbortSignal,
  ): AsyncGenerator<readonly NetworkInterface[], undefined>
}

export interface NamedFilter {
  readonly name: string
  readonly values: readonly string[]
}

export function listsOf(ec2: Ec2): Lists {
  return {
    groups: (place, filter, signal) =>
      filteredPages(filter, async (Filters, NextToken) => {
        const input = { Filters, NextToken, MaxResults: PAGE }
        const answer = await ec2.ask(
          place,
          'DescribeSecurityGroups',
          (sdk, client, options) => client.send(new sdk.DescribeSecurityGroupsCommand(input), options),
          signal,
        )
        return { items: answer.SecurityGroups, next: answer.NextToken }
      }),
    rules: (place, filter, signal) =>
      filteredPages(filter, async (Filters, NextToken) => {
        const input = { Filters, NextToken, MaxResults: PAGE }
        const answer = await ec2.ask(
          place,
          'DescribeSecurityGroupRules',
          (sdk, client, options) => client.send(new sdk.DescribeSecurityGroupRulesCommand(input), options),
          signal,
        )
        return { items: answer.SecurityGroupRules, next: answer.NextToken }
      }),
    interfaces: (place, filter, signal) =>
      filteredPages(filter, async (Filters, NextToken) => {
        const input = { Filters, NextToken, MaxResults: PAGE }
        const answer = await ec2.ask(
          place,
          'DescribeNetworkInterfaces',
          (sdk, client, options) => client.send(new sdk.DescribeNetworkInterfacesCommand(input), options),
          signal,
        )
        return { items: answer.NetworkInterfaces, next: answer.NextToken }
      }),
  }
}

/** Everything on the pages of a list. */
export async function all<Item>(pages: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = []
  for await (const page of pages) items.push(...page)
  return items
}

/** A page of EC2's, and the token of the next; what is no page must not pass for an empty one. */
export async function* pages<Item>(
  ask: (
    token: string | undefined,
  ) => Promise<{ readonly items: readonly Item[] | undefined; readonly next: string | undefined }>,
): AsyncGenerator<readonly Item[], undefined> {
  let token: string | undefined
  do {
    const { items, next } = await ask(token)
    if (items === undefined) throw unexpectedAnswer('no page of a list')
    yield items
    token = next === '' ? undefined : next
  } while (token !== undefined)
}

/** A filter of many values is asked in parts; one without values finds nothing and is not asked. */
async function* filteredPages<Item>(
  filter: NamedFilter | undefined,
  ask: (filters: Filter[] | undefined, token: string | undefined) => ReturnType<Parameters<typeof pages<Item>>[0]>,
): AsyncGenerator<readonly Item[], undefined> {
  if (filter === undefined) return yield* pages((token) => ask(undefined, token))
  for (let first = 0; first < filter.values.length; first += MOST_VALUES) {
    const Values = filter.values.slice(first, first + MOST_VALUES)
    yield* pages((token) => ask([{ Name: filter.name, Values }], token))
  }
}
