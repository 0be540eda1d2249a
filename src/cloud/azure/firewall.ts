import { isOurs, type Rule, type RuleChanges } from '../../firewall/rule.ts'
import type { Observation } from '../port.ts'
import { listProperty, property, textProperty, unexpectedAnswer, type Json } from './answer.ts'
import { readNatRule, writeNatRule } from './map-nat-rule.ts'

/** The one NAT rule collection that the gateway writes. */
export const OUR_COLLECTION = 'JitGateway'

/** The lists of rule collections that a firewall has. */
const LISTS = ['natRuleCollections', 'networkRuleCollections', 'applicationRuleCollections']

/** What Azure works out itself, which a write need not carry. */
const READ_ONLY = ['provisioningState', 'ipGroups', 'hubIPAddresses']

/**
 * A firewall as it was answered, in the gateway's words; the answer itself is kept for the write. What is no firewall
 * must not pass for one without rules: every close would count as proven.
 */
export function readFirewall(raw: unknown): Observation {
  const [id, etag] = [textProperty(raw, 'id') ?? '', textProperty(raw, 'etag') ?? '']
  const properties = property(raw, 'properties')
  const nat = property(properties, 'natRuleCollections')
  if (id === '' || etag === '' || (!Array.isArray(nat) && !isManaged(raw))) throw unexpectedAnswer('no firewall')
  const collections = LISTS.flatMap((list) => listProperty(properties, list))
  return {
    boundaryId: id.toLowerCase(),
    kind: 'AZURE_FIREWALL',
    etag,
    rules: listProperty(properties, 'natRuleCollections').flatMap(readCollection),
    ruleCount: collections.reduce<number>((sum, one) => sum + rulesOf(one).length, 0),
    firewall: { priorities: collections.map((one) => Number(property(property(one, 'properties'), 'priority'))) },
    raw,
  }
}

/** Whether a policy of Firewall Manager, or a hub, holds a firewall's rules instead of the firewall. */
export function isManaged(raw: unknown): boolean {
  const properties = property(raw, 'properties')
  return ['firewallPolicy', 'virtualHub'].some((name) => textProperty(property(properties, name), 'id') !== null)
}

/** The firewall after the changes. Everything of it that is not a rule of ours goes back as it came. */
export function changedFirewall(raw: unknown, { remove, put }: RuleChanges): Json {
  const foreign = [...remove, ...put.map((rule) => rule.name)].find((name) => !isOurs({ name }))
  if (foreign !== undefined) throw new Error(`a rule that is not ours was to be changed: ${foreign}`)
  const gone = new Set(remove.map((name) => name.toLowerCase()))
  const coming = new Map(put.map((rule) => [rule.name.toLowerCase(), writeNatRule(rule)]))
  const properties = property(raw, 'properties') as Json
  const collections = listProperty(properties, 'natRuleCollections').flatMap((collection) => {
    if (!isOurCollection(collection)) return [collection]
    const kept = rulesOf(collection).flatMap((rule) => {
      const name = nameOf(rule).toLowerCase()
      const next = coming.get(name)
      coming.delete(name)
      return next !== undefined ? [next] : gone.has(name) ? [] : [rule]
    })
    const rules = [...kept, ...coming.values()]
    coming.clear()
    // A collection must have a rule.
    return rules.length === 0
      ? []
      : [{ ...(collection as Json), properties: { ...(property(collection, 'properties') as Json), rules } }]
  })
  const more = Object.entries(properties).filter(([name]) => !READ_ONLY.includes(name))
  return {
    ...(raw as Json),
    properties: {
      ...Object.fromEntries(more),
      natRuleCollections: coming.size === 0 ? collections : [...collections, ourCollection(put, [...coming.values()])],
    },
  }
}

function ourCollection([first]: readonly Rule[], rules: readonly Json[]): Json {
  return { name: OUR_COLLECTION, properties: { priority: first?.priority, action: { type: 'Dnat' }, rules } }
}

/** The NAT rules of a collection that translate destinations; those of others under the name of their collection too. */
function readCollection(raw: unknown): Rule[] {
  const properties = property(raw, 'properties')
  if (textProperty(property(properties, 'action'), 'type')?.toLowerCase() === 'snat') return []
  const priority = Number(property(properties, 'priority'))
  return rulesOf(raw).map((rule) => {
    const own = isOurCollection(raw) && isOurs({ name: nameOf(rule) })
    return readNatRule(rule, own ? nameOf(rule) : `${nameOf(raw)}/${nameOf(rule)}`, priority)
  })
}

const nameOf = (raw: unknown) => textProperty(raw, 'name') ?? ''

const rulesOf = (collection: unknown) => listProperty(property(collection, 'properties'), 'rules')

const isOurCollection = (raw: unknown) => nameOf(raw).toLowerCase() === OUR_COLLECTION.toLowerCase()
