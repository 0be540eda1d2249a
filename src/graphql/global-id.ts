import { roleNames } from '../access/role.ts'
import { accountOf } from '../access/scope.ts'
import { base64urlSql } from './read/sql.ts'

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const ACCOUNT = /^\d{12}$/
const RESOURCE = /^\/(?:subscriptions\/[-\w.()/ ]{36,1024}|aws\/[-\w/]{12,1024})$/
const POSITION = /^[1-9]\d{0,17}$/

const isUuid = (id: string) => UUID.test(id)
const isAccount = (id: string) => isUuid(id) || ACCOUNT.test(id)
const isResource = (id: string) => RESOURCE.test(id) && id === id.toLowerCase() && accountOf(id) !== null

/** Which ids can exist, by type: an id that cannot is refused before it reaches SQL. */
const possible = {
  VirtualMachine: isResource,
  Boundary: isResource,
  Account: isAccount,
  Policy: isUuid,
  PolicyTemplate: isUuid,
  Request: isUuid,
  Grant: isUuid,
  Lockdown: isUuid,
  Role: (id: string) => isUuid(id) || (roleNames as readonly string[]).includes(id),
  RoleAssignment: isUuid,
  Activity: (id: string) => POSITION.test(id),
} as const satisfies Record<string, (id: string) => boolean>

/** The types that have a global id. */
export type NodeType = keyof typeof possible
export const nodeTypes = Object.keys(possible) as readonly NodeType[]

export interface GlobalId {
  readonly type: NodeType
  readonly id: string
}

/** The opaque id of a thing, as clients hold it. */
export function globalId(type: NodeType, id: string): string {
  return Buffer.from(`${type}:${id}`).toString('base64url')
}

/** The SQL of the same: `id` is an expression of the type's key. */
export function globalIdSql(type: NodeType, id: string): string {
  return base64urlSql(`'${type}:' || ${id}`)
}

/** Reads a global id; null when it is none, or not one of `type` where that is given. */
export function parseGlobalId(text: string, type?: NodeType): GlobalId | null {
  const plain = Buffer.from(text, 'base64url').toString()
  const colon = plain.indexOf(':')
  const named = plain.slice(0, Math.max(0, colon))
  if (!Object.hasOwn(possible, named) || (type !== undefined && named !== type)) return null
  const parsed: GlobalId = { type: named as NodeType, id: plain.slice(colon + 1) }
  return possible[parsed.type](parsed.id) && globalId(parsed.type, parsed.id) === text ? parsed : null
}
