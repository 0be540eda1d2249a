import { createHash } from 'node:crypto'
import { createParameters, type Parameters, type Source } from './parameters.ts'

/** The statement of one shape of selection. */
export interface Statement {
  readonly text: string
  readonly sources: readonly Source[]
  /** Set once it is prepared under a name; before that Postgres plans it for each run. */
  name: string | null
}

/** Shapes kept; one that is dropped is made anew, at the cost of some tens of microseconds. */
const MOST_STATEMENTS = 1_000

/**
 * Names ever given. A prepared statement stays in every connection that ran it, so shapes that only a flood of odd
 * documents has must not get one: a name is for a shape seen twice, and past this number the rest go unnamed.
 */
const MOST_NAMES = 500

/** A bounded memory of statements by the shape of what they answer, the least recently used dropped first. */
export function createStatements(mostStatements = MOST_STATEMENTS, mostNames = MOST_NAMES) {
  const statements = new Map<string, Statement>()
  let names = 0
  return {
    /** The statement for `shape`; `compile` makes its expression when it is not known. */
    of(shape: string, compile: (parameters: Parameters) => string): Statement {
      const known = statements.get(shape)
      if (known !== undefined) {
        if (known.name === null && names < mostNames) {
          names++
          known.name = `read_${createHash('sha256').update(known.text).digest('hex').slice(0, 32)}`
        }
        statements.delete(shape)
        statements.set(shape, known)
        return known
      }
      const parameters = createParameters()
      const statement: Statement = { text: `select ${compile(parameters)}`, sources: parameters.sources, name: null }
      statements.set(shape, statement)
      if (statements.size > mostStatements) statements.delete(statements.keys().next().value as string)
      return statement
    },
    get size() {
      return statements.size
    },
  }
}
