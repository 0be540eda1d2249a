import { getOperationAST, type ExecutionArgs, type GraphQLError } from 'graphql'
import type { SubscribePayload } from 'graphql-ws'
import { badRequest } from './errors.ts'
import type { Pipeline } from './graphql-over-http.ts'
import type { Authentication } from './identity/authenticator.ts'
import { persistedHash, type PersistedSetting } from './persisted-operations.ts'

/**
 * Takes a subscribe message through everything an HTTP request would meet: registered documents, limits, validation and
 * the making of the context. Answers the errors to send when it may not run.
 */
export async function prepareSubscription(
  pipeline: Pipeline,
  persisted: PersistedSetting | null,
  authentication: Authentication,
  payload: SubscribePayload,
  maskError: (error: unknown) => GraphQLError,
): Promise<ExecutionArgs | readonly GraphQLError[]> {
  const enveloped = pipeline.getEnveloped({ authentication } as never)
  try {
    const document = enveloped.parse(documentText(persisted, payload))
    const faults = enveloped.validate(enveloped.schema, document) as readonly GraphQLError[]
    if (faults.length > 0) return faults
    if (getOperationAST(document, payload.operationName)?.operation !== 'subscription')
      throw badRequest(
        'SUBSCRIPTIONS_ONLY',
        'Only subscriptions are served over WebSocket: send queries and mutations over HTTP.',
      )
    return {
      schema: enveloped.schema,
      document,
      operationName: payload.operationName,
      variableValues: payload.variables,
      contextValue: await enveloped.contextFactory(),
    }
  } catch (error) {
    return [maskError(error)]
  }
}

/** The protocol demands a text: a client that names a registered document by its hash sends an empty one. */
function documentText(persisted: PersistedSetting | null, payload: SubscribePayload): string {
  if (persisted === null) return payload.query
  if (payload.query !== '') {
    if (persisted.only) throw badRequest('CANNOT_SEND_PQ_ID_AND_BODY', 'PersistedQueryOnly')
    return payload.query
  }
  const hash = persistedHash(payload.extensions)
  if (hash === null) throw badRequest('PERSISTED_QUERY_ID_REQUIRED', 'PersistedQueryKeyNotFound')
  const document = persisted.operations.get(hash)
  if (document === undefined) throw badRequest('PERSISTED_QUERY_NOT_IN_LIST', 'PersistedQueryNotFound')
  return document
}
