import { newEtag, type AzureFirewall, type Resource, type RuleCollection } from '../resource.ts'

/** The three sorts of rule collections, each under the name of its list. */
export const collectionLists = ['natRuleCollections', 'networkRuleCollections', 'applicationRuleCollections'] as const

/** A firewall as a caller writes it, already validated. */
export interface FirewallInput {
  readonly tags?: Record<string, string>
  readonly properties: Pick<AzureFirewall['properties'], (typeof collectionLists)[number]> & Record<string, unknown>
}

/** What of a firewall's properties the cloud works out itself: a write that names them is not heard. */
const readOnly = ['provisioningState', 'ipGroups', 'hubIPAddresses']

/** The whole answer of a GET. Every collection carries the firewall's etag and state, as in Azure. */
export function showFirewall(firewall: AzureFirewall): Resource {
  const { name, id, etag = '', type, location, tags, properties, ...more } = firewall
  const { provisioningState, ...rest } = properties
  const shown = collectionLists.map((list) => [
    list,
    (properties[list] as RuleCollection<unknown>[]).map((collection) => ({
      name: collection.name,
      id: `${id}/${list}/${collection.name}`,
      etag,
      type: `Microsoft.Network/azureFirewalls/${list}`,
      properties: { provisioningState, ...collection.properties },
    })),
  ])
  return {
    name,
    id,
    etag,
    ...(type === undefined ? {} : { type }),
    ...(location === undefined ? {} : { location }),
    ...(tags === undefined ? {} : { tags }),
    ...more,
    properties: { provisioningState, ...rest, ...Object.fromEntries(shown) },
  }
}

/** The firewall that a write leaves behind: everything it does not name is gone, tags and unknown properties too. */
export function writtenFirewall(input: FirewallInput, before: AzureFirewall): AzureFirewall {
  const { tags: _, properties: old, ...rest } = before
  const more = Object.fromEntries(Object.entries(input.properties).filter(([key]) => !readOnly.includes(key)))
  const { natRuleCollections, networkRuleCollections, applicationRuleCollections } = input.properties
  return {
    ...rest,
    etag: newEtag(),
    ...(input.tags === undefined ? {} : { tags: input.tags }),
    properties: {
      ...more,
      provisioningState: 'Updating',
      ipConfigurations: old.ipConfigurations,
      natRuleCollections,
      networkRuleCollections,
      applicationRuleCollections,
    },
  }
}
