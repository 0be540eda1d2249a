import { createHash } from 'node:crypto'

/** Where a resource lives. */
export interface Place {
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly location: string
}

/** The id of a resource of a type, in the case it is given in. */
export function idOf({ subscriptionId, resourceGroup }: Place, type: string, name: string): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${type}/${name}`
}

/** A guid that is always the same for the same text. */
export function guidFrom(text: string): string {
  const hex = createHash('sha256').update(text.toLowerCase()).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
