import type { Selected } from './selection.ts'

/** How many fields all of these selections begin with: fields of one place in the document, down to the last leaf. */
export function sharedBeginning([first = [], ...others]: readonly (readonly Selected[])[]): number {
  const differs = first.findIndex((field, place) => !others.every((fields) => isSame(field, fields[place])))
  return differs === -1 ? first.length : differs
}

function isSame(one: Selected, other: Selected | undefined): boolean {
  if (other?.key !== one.key || other.asked.node !== one.asked.node || other.types.size !== one.types.size) return false
  return [...one.types].every(([type, { fields }]) => {
    const others = other.types.get(type)?.fields
    return others?.length === fields.length && sharedBeginning([fields, others]) === fields.length
  })
}
