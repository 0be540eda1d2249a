import { createHash } from 'node:crypto'
import { levelsOf, type Viewer } from '../../access/viewer.ts'
import { createLru } from './lru.ts'
import type { Form } from './form.ts'
import { createParameters, type Parameters, type Source } from './parameters.ts'

/** The statement of one shape of selection. */
export interface Statement {
  readonly text: string
  readonly sources: readonly Source[]
}

/** Shapes kept; one that is dropped is made anew, at the cost of some tens of microseconds. */
const MOST_STATEMENTS = 1_000

/**
 * Names ever given. A prepared statement stays in every connection that ran it, so shapes that only a flood of odd
 * documents has must not get one: a name is for a shape seen twice, and past this number the rest go unnamed.
 */
const MOST_NAMES = 500

/** A bounded memory of statements by the shape of what they answer, the least recently used dropped first. */
export function createStatements(form: Form, mostStatements = MOST_STATEMENTS, mostNames = MOST_NAMES) {
  const statements = createLru<Statement>(mostStatements)
  /** Null: it ran once. */
  const named = new WeakMap<Statement, { readonly name: string } | null>()
  let names = 0
  return {
    /** The statement for `shape` and the levels of `viewer`; `compile` makes its expression when it is not known. */
    of(shape: string, viewer: Viewer, compile: (parameters: Parameters) => string): Statement {
      return statements.of(`${levelsOf(viewer)} ${shape}`, () => {
        const parameters = createParameters(form, viewer)
        return { text: `select ${compile(parameters)}`, sources: parameters.sources }
      })
    },
    /** The name a run is prepared under, from the second run on; without one Postgres plans it for each run. */
    nameOf(statement: Statement): { readonly name?: string } {
      const known = named.get(statement)
      if (known !== undefined && known !== null) return known
      if (known === undefined || names >= mostNames) {
        named.set(statement, null)
        return {}
      }
      names++
      const name = { name: `read_${createHash('sha256').update(statement.text).digest('hex').slice(0, 32)}` }
      named.set(statement, name)
      return name
    },
  }
}
