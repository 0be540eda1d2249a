import type { NodeType } from '../global-id.ts'
import { builder } from '../builder.ts'
import type { Entity } from './description.ts'

/** A row as SQL answered it: JSON under the response keys of what was selected. */
export type Row = Readonly<Record<string, unknown>>

/** The types a payload or an event can hold: those with a global id. */
export type EntityName = NodeType

type Ref = ReturnType<typeof builder.objectRef<Row>>

const entities = new Map<string, Entity>()
const refs = new Map<string, Ref>()

/** Makes a type known under its name, so that types can speak of each other without importing each other. */
export function register(entity: Entity, ref: unknown, connection: Ref | undefined): void {
  entities.set(entity.name, entity)
  refs.set(entity.name, ref as Ref)
  if (connection !== undefined) refs.set(`${entity.name}Connection`, connection)
}

/** The description of a type. */
export function entityNamed(name: string): Entity {
  return known(entities, name)
}

/** What the builder knows a type by. An interface passes for an object here, since fields take both. */
export function refOf(name: string): Ref {
  return known(refs, name)
}

function known<Thing>(things: ReadonlyMap<string, Thing>, name: string): Thing {
  const thing = things.get(name)
  if (thing === undefined) throw new Error(`No type ${name} was described.`)
  return thing
}
