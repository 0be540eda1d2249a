import { actions } from '../../access/role.ts'
import { mostSources } from '../../access/source.ts'
import { evaluateAccess } from '../../commands/evaluate-access.ts'
import { builder } from '../builder.ts'
import { AccessEvaluation, constraintsOfOneSource } from '../types/access-evaluation.ts'
import { AccessEvaluationInput, accessInput, portsAsked } from '../verbs/access-input.ts'
import { unwritableText } from '../verbs/unwritable-text.ts'

type Input = typeof AccessEvaluationInput.$inferInput

/** To judge costs as much as there is to be judged: a constraint of each kind a port, and one more for each source. */
function costOf(input: Input): { readonly field: number; readonly multiplier: number } {
  const sources = Math.min(Math.max(1, input.sources?.length ?? 1), mostSources)
  const field = Math.max(1, portsAsked(input)) * (constraintsOfOneSource + sources - 1)
  // What is selected of a constraint counts for those of one source: for more it is as if there were more ports.
  return { field, multiplier: Math.ceil(field / constraintsOfOneSource) }
}

// It has no root of its own: what is decided in code is no statement, so that the executor answers whatever asks for it.
builder.queryField('accessEvaluation', (t) =>
  t.field({
    type: AccessEvaluation,
    description:
      'The dry run of a request for access: what would become of it if it was made now, port by port, with every ' +
      'constraint, satisfied or not, and what would pass. Nothing is written, and nobody is told. It says nothing of what ' +
      'the cloud makes of the grant.',
    extensions: {
      authorisation:
        `Everybody, for themselves: whoever may not do ${actions.requestAccess} at a machine is told what \`requestAccess\` ` +
        'would tell them.',
    },
    args: { input: t.arg({ type: AccessEvaluationInput, required: true, description: 'What would be asked.' }) },
    complexity: ({ input }) => costOf(input),
    resolve(_root, { input }, context) {
      const refusal = unwritableText(input)
      return refusal === null
        ? evaluateAccess(context, accessInput(input))
        : { targets: [], state: null, userErrors: [refusal] }
    },
  }),
)
