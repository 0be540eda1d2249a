import type { InputRef, ObjectRef } from '@pothos/core'
import type { UserError } from '../../access/user-error.ts'
import { builder } from '../builder.ts'
import type { GatewayContext } from '../context.ts'
import { unwritableText } from './unwritable-text.ts'

builder.mutationType({
  description:
    'What a viewer may have done. Each verb writes all of its effect, or nothing for the part that `userErrors` names. ' +
    'An answer says what was decided; the cloud follows, and `Grant.state` and `grantEvents` tell when it has.',
})

type Schema = typeof builder.$inferSchemaTypes

/** A verb of the API: a mutation with one input and a payload of its own. */
interface Verb<Input, Payload> {
  readonly description: string
  /** Who may do it, in a sentence. The command behind the verb decides. */
  readonly authorisation: string
  readonly input: InputRef<Input>
  readonly payload: ObjectRef<Schema, Payload>
  /** The answer that says nothing was written, to which errors are added. */
  readonly nothing: Payload
  /** Most things that the payload of an input can hold, for the cost of what is selected of them; 1 unless said. */
  readonly size?: (input: Input) => number
  readonly run: (context: GatewayContext, input: Input) => Promise<Payload>
}

/** Declares a verb. Text that the database cannot hold is refused here, for every verb alike. */
export function verb<Input, Payload extends { readonly userErrors: readonly UserError[] }>(
  name: string,
  declared: Verb<Input, Payload>,
): void {
  const { description, authorisation, input, payload, nothing, size = () => 1, run } = declared
  const resolve = (_root: object, args: { readonly input: Input }, context: GatewayContext) => {
    const refusal = unwritableText(args.input)
    return refusal === null ? run(context, args.input) : { ...nothing, userErrors: [refusal] }
  }
  builder.mutationField(name, (t) =>
    t.field({
      type: payload,
      description,
      extensions: { authorisation },
      args: { input: t.arg({ type: input, required: true, description: 'What is asked.' }) },
      complexity: (given: { input?: unknown }) => ({ field: 1, multiplier: Math.max(1, size(given.input as Input)) }),
      // Pothos cannot follow the shape of an input through a type parameter.
      resolve: resolve as never,
    }),
  )
}
