import type { GraphiQLOptions } from 'graphql-yoga'

/** What GraphiQL is filled with. */
export interface ExplorerOptions {
  /** Documents to show as tabs, the first one open. */
  readonly examples: readonly Example[]
  /** Makes a fresh token to send; null where callers bring their own. */
  readonly token: (() => Promise<string>) | null
}

export interface Example {
  readonly document: string
  /** JSON text. */
  readonly variables: string
}

/** The settings of the GraphiQL page. Only a gateway with the local issuer, on loopback, puts a token into it. */
export async function explorerPage(options: ExplorerOptions): Promise<GraphiQLOptions> {
  const authorization = options.token === null ? 'Bearer ' : `Bearer ${await options.token()}`
  const headers = JSON.stringify({ authorization }, null, 2)
  return {
    title: 'JIT Gateway',
    headers,
    defaultHeaders: headers,
    // Tokens do not belong into the browser's storage, and a kept one would be sent after it has ended.
    shouldPersistHeaders: false,
    defaultTabs: options.examples.map(({ document, variables }) => ({ query: document, variables, headers })),
    subscriptionsProtocol: 'SSE',
  }
}
