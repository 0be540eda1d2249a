import type { PowerState } from '../../access/words.ts'
import { CloudError } from '../error.ts'
import type { InventoryPage } from '../port.ts'
import { property, textProperty, unexpectedAnswer, type ArmAnswer } from './answer.ts'
import { NETWORK_VERSION } from './boundary.ts'
import type { ArmClient } from './client.ts'
import { readJitRuling } from './jit-ruling.ts'
import { createLacking } from './lacking.ts'
import {
  readBoundary,
  readClassicMachine,
  readFirewallFound,
  readInterface,
  readMachine,
  readPower,
  readPublicAddress,
  readSubnets,
} from './map-inventory.ts'

const COMPUTE_VERSION = '2025-04-01'
const CLASSIC_VERSION = '2017-04-01'
const POLICY_VERSION = '2022-06-01'

/**
 * The inventory of a subscription, a page of Azure's at a time. All that is held between pages is the power state of
 * each machine, which Azure tells in a list of its own.
 */
export async function* readInventory(
  client: ArmClient,
  accountId: string,
  signal?: AbortSignal,
): AsyncGenerator<InventoryPage, undefined> {
  const lacking = createLacking()
  const pagesOf = (type: string, version: string, query: Readonly<Record<string, string>> = {}) =>
    pages(client, `/subscriptions/${accountId}/providers/${type}`, { 'api-version': version, ...query }, signal)
  const list = (...asked: Parameters<typeof pagesOf>) => lacking.noting(pagesOf(...asked))
  const network = (type: string) => list(`Microsoft.Network/${type}`, NETWORK_VERSION)

  for await (const items of network('networkSecurityGroups'))
    yield { kind: 'boundaries', items: items.map(readBoundary) }
  for await (const items of network('azureFirewalls')) yield { kind: 'boundaries', items: items.map(readFirewallFound) }
  for await (const items of network('virtualNetworks')) yield { kind: 'subnets', items: items.flatMap(readSubnets) }
  for await (const items of network('publicIPAddresses'))
    yield { kind: 'publicAddresses', items: items.map(readPublicAddress) }
  for await (const items of network('networkInterfaces')) yield { kind: 'interfaces', items: items.map(readInterface) }

  const machines = 'Microsoft.Compute/virtualMachines'
  const powers = new Map<string, PowerState>()
  for await (const items of list(machines, COMPUTE_VERSION, { statusOnly: 'true' }))
    for (const item of items) {
      const [id, power] = [textProperty(item, 'id')?.toLowerCase(), readPower(item)]
      if (id !== undefined && power !== null) powers.set(id, power)
    }
  for await (const items of list(machines, COMPUTE_VERSION))
    yield {
      kind: 'virtualMachines',
      items: items.map((item) => readMachine(item, powers.get((textProperty(item, 'id') ?? '').toLowerCase()) ?? null)),
    }
  lacking.fail()
  for await (const items of ifThereAreAny(pagesOf('Microsoft.ClassicCompute/virtualMachines', CLASSIC_VERSION)))
    yield { kind: 'virtualMachines', items: items.map(readClassicMachine) }
  // Those of what holds the subscription and of all it holds.
  for await (const items of ifThereAreAny(pagesOf('Microsoft.Authorization/policyAssignments', POLICY_VERSION)))
    yield { kind: 'jitRulings', items: items.flatMap((item) => readJitRuling(item) ?? []) }
}

/**
 * Lists that a subscription need not have: one that never had any does not know the type, or lets nobody list it. Once a
 * page was had there are some, and a later refusal is one like any other.
 */
async function* ifThereAreAny(lists: AsyncIterable<readonly unknown[]>): AsyncGenerator<readonly unknown[], undefined> {
  let known = false
  try {
    for await (const items of lists) {
      known = true
      yield items
    }
  } catch (error) {
    const none = ['NOT_FOUND', 'FORBIDDEN', 'INVALID']
    if (known || !(error instanceof CloudError) || !none.includes(error.kind)) throw error
  }
}

async function* pages(
  client: ArmClient,
  path: string,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly unknown[], undefined> {
  let answer = await client.get(path, query, signal)
  for (;;) {
    yield itemsOf(answer)
    const next = textProperty(answer.body, 'nextLink')
    if (next === null || next === '') return
    answer = await client.get(next, {}, signal)
  }
}

/** The resources on a page. What is no page must not pass for an empty one: all that it leaves out would count as gone. */
function itemsOf({ body }: ArmAnswer): readonly unknown[] {
  const items = property(body, 'value')
  if (!Array.isArray(items) || items.some((item) => textProperty(item, 'id') === null))
    throw unexpectedAnswer('no page of a list')
  return items
}
