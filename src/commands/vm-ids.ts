import type { UserError } from '../access/user-error.ts'

/** Most virtual machines that one bulk verb takes. */
export const mostMachines = 500

/** Checks the list of machines of a bulk verb: bounded, not empty, none twice. Ids are lower-cased. */
export function readVmIds(ids: readonly string[]): {
  readonly vmIds: readonly string[]
  readonly userErrors: readonly UserError[]
} {
  const field = ['vmIds']
  if (ids.length > mostMachines)
    return refused({
      code: 'LIMIT_EXCEEDED',
      field,
      limit: mostMachines,
      message: `At most ${mostMachines} virtual machines can be named in one call.`,
    })
  if (ids.length === 0) return refused({ code: 'INVALID_INPUT', field, message: 'Name at least one virtual machine.' })
  const vmIds = ids.map((id) => id.toLowerCase())
  const userErrors = vmIds.flatMap((id, index): UserError[] =>
    vmIds.indexOf(id) === index
      ? []
      : [{ code: 'INVALID_INPUT', field: [...field, String(index)], message: 'This machine is named twice.' }],
  )
  return { vmIds, userErrors }
}

const refused = (error: UserError) => ({ vmIds: [], userErrors: [error] })
