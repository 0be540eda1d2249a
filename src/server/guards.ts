import { NoSchemaIntrospectionCustomRule, validate, type ExecutionResult } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Clock } from '../time/clock.ts'
import { unavailable } from './errors.ts'
import { aliasRule, depthRule, parseWithin } from './limits.ts'

/** How much one operation may ask. Its cost is bounded by the schema itself, field by field. */
export interface OperationLimits {
  readonly maxTokens: number
  readonly maxDepth: number
  readonly introspection: boolean
}

/**
 * Bounds every operation before it runs. It hooks parsing and validation, which both transports share: a plugin that
 * hooks HTTP requests, as yoga's own for introspection does, would leave the WebSocket open.
 */
export function useLimits(limits: OperationLimits): Plugin {
  const depth = depthRule(limits.maxDepth)
  return {
    onParse({ setParseFn }) {
      setParseFn((source) => parseWithin(source, limits.maxTokens))
    },
    onValidate({ addValidationRule, setValidationFn }) {
      addValidationRule(depth)
      addValidationRule(aliasRule)
      if (limits.introspection) return
      addValidationRule(NoSchemaIntrospectionCustomRule)
      // "Did you mean …" would tell the schema name by name.
      setValidationFn(((...[schema, document, rules]: Parameters<typeof validate>) =>
        validate(schema, document, rules, { hideSuggestions: true })) as typeof validate)
    },
  }
}

/** Answers a query or mutation that takes longer than `withinMs` with UNAVAILABLE, so that no caller waits for ever. */
export function useDeadline(clock: Clock, withinMs: number): Plugin {
  return {
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn(async (args) => inTime<unknown>(clock, withinMs, executeFn(args), tooLate) as never)
    },
  }
}

/** What an operation that takes too long is answered. */
export function tooLate(): ExecutionResult {
  const message =
    'The operation takes too long. It may still be carried out: a creating verb can be repeated with its key.'
  return { errors: [unavailable(message)] }
}

/** An answer, or what `late` gives when it takes too long. */
export async function inTime<Answer>(
  clock: Clock,
  withinMs: number,
  answer: Answer | Promise<Answer>,
  late: () => Answer,
): Promise<Answer> {
  let disarm = () => {}
  const tooLong = new Promise<Answer>((resolve) => {
    disarm = clock.after(withinMs, () => resolve(late()))
  })
  try {
    return await Promise.race([answer, tooLong])
  } finally {
    disarm()
  }
}
