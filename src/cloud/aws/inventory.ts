import type { Instance, SecurityGroup, SecurityGroupRule } from '@aws-sdk/client-ec2'
import { CloudError } from '../error.ts'
import type { InventoryPage } from '../port.ts'
import type { Ec2 } from './client.ts'
import { withAllLacking } from './lacking.ts'
import { pages, type Lists } from './list.ts'
import { leftOver, readBoundaries, readInstance, readInterfacesOf, readPublicAddresses } from './map-inventory.ts'
import { interfaceOf } from './our-group.ts'
import type { Place } from './place.ts'
import { regionsOf } from './regions.ts'
import { unexpectedAnswer } from './unexpected.ts'

const PAGE = 1_000

/** Groups of a region and their rules, by the group's id: what interfaces wear is told by ids alone. */
export interface RegionGroups {
  readonly groups: ReadonlyMap<string, SecurityGroup>
  readonly rules: ReadonlyMap<string, readonly SecurityGroupRule[]>
  /** Groups of ours, by the interface that each is for. */
  readonly ours: ReadonlyMap<string, SecurityGroup>
}

/**
 * The inventory of an account, region by region, a page of EC2's at a time. All that is held of a region between pages
 * is its security groups, whose rules each interface has to be shown with.
 */
export async function readInventory(
  ec2: Ec2,
  lists: Lists,
  accountId: string,
  regions: readonly string[],
  signal?: AbortSignal,
): Promise<AsyncGenerator<InventoryPage, undefined>> {
  const wanted = regions.length > 0 ? regions : await regionsOf(ec2, accountId, signal)
  return regionByRegion(
    ec2,
    lists,
    wanted.map((region) => ({ accountId, region })),
    signal,
  )
}

async function* regionByRegion(
  ec2: Ec2,
  lists: Lists,
  places: readonly Place[],
  signal: AbortSignal | undefined,
): AsyncGenerator<InventoryPage, undefined> {
  for (const place of places)
    try {
      yield* pagesIn(ec2, lists, place, signal)
    } catch (error) {
      throw await withAllLacking(ec2, place, error, signal)
    }
}

async function* pagesIn(
  ec2: Ec2,
  lists: Lists,
  place: Place,
  signal: AbortSignal | undefined,
): AsyncGenerator<InventoryPage, undefined> {
  const known = await groupsIn(lists, place, signal)
  const seen = new Set<string>()
  for await (const instances of instancePages(ec2, place, signal)) {
    const boundaries = instances.flatMap((instance) => readBoundaries(place, instance, known))
    for (const { boundaryId } of boundaries) seen.add(boundaryId)
    yield { kind: 'boundaries', items: boundaries }
    yield { kind: 'publicAddresses', items: instances.flatMap((instance) => readPublicAddresses(place, instance)) }
    yield { kind: 'interfaces', items: instances.flatMap((instance) => readInterfacesOf(place, instance)) }
    yield { kind: 'virtualMachines', items: instances.map((instance) => readInstance(place, instance)) }
  }
  yield { kind: 'boundaries', items: leftOver(place, known).filter(({ boundaryId }) => !seen.has(boundaryId)) }
}

async function groupsIn(lists: Lists, place: Place, signal?: AbortSignal): Promise<RegionGroups> {
  const [groups, rules] = [new Map<string, SecurityGroup>(), new Map<string, SecurityGroupRule[]>()]
  const ours = new Map<string, SecurityGroup>()
  for await (const page of lists.groups(place, undefined, signal))
    for (const group of page) {
      groups.set(group.GroupId ?? '', group)
      const interfaceId = interfaceOf(group.GroupName ?? '')
      if (interfaceId !== null) ours.set(interfaceId, group)
    }
  const owners = new Set([...groups.values()].flatMap(({ OwnerId }) => OwnerId ?? []))
  if (owners.size > 0 && !owners.has(place.accountId)) throw wrongAccount(place, [...owners])
  for await (const page of lists.rules(place, undefined, signal))
    for (const rule of page) {
      const known = rules.get(rule.GroupId ?? '')
      if (known === undefined) rules.set(rule.GroupId ?? '', [rule])
      else known.push(rule)
    }
  return { groups, rules, ours }
}

/** Instances that there still are, whatever they do at the moment. */
async function* instancePages(ec2: Ec2, place: Place, signal: AbortSignal | undefined) {
  const Values = ['pending', 'running', 'shutting-down', 'stopping', 'stopped']
  const Filters = [{ Name: 'instance-state-name', Values }]
  const reservations = pages(async (NextToken) => {
    const answer = await ec2.ask(
      place,
      'DescribeInstances',
      (sdk, client, options) =>
        client.send(new sdk.DescribeInstancesCommand({ Filters, NextToken, MaxResults: PAGE }), options),
      signal,
    )
    return { items: answer.Reservations, next: answer.NextToken }
  })
  for await (const page of reservations) {
    const instances: Instance[] = page.flatMap((reservation) => reservation.Instances ?? [])
    if (instances.some(({ InstanceId }) => InstanceId === undefined))
      throw unexpectedAnswer('an instance without an id')
    // Without a VPC it is on its way out: EC2 has no other network.
    yield instances.filter(({ VpcId }) => VpcId !== undefined)
  }
}

/** Without a role to assume, the credential's own account would be taken for every other. */
function wrongAccount({ accountId, region }: Place, owners: readonly string[]): CloudError {
  const message = `The gateway's credential reads account ${owners.join(', ')} in ${region}, not ${accountId}: set AWS_ROLE to a role that can be assumed in each account.`
  return new CloudError('FORBIDDEN', 'WrongAccount', message)
}
