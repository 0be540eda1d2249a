import { readFileSync } from 'node:fs'
import { createClient, type Client } from 'graphql-ws'
import WebSocket from 'ws'

/** The document of a story in schema/operations. */
export const story = (name: string): string =>
  readFileSync(new URL(`../../../schema/operations/${name}.graphql`, import.meta.url), 'utf8')

/** Somebody who uses the API over real sockets, with a token of their own. */
export interface ApiClient {
  /** Runs a query or a mutation; fails when it answers errors. */
  ask(document: string, variables?: object): Promise<any>
  /** Reads a path of the gateway. */
  get(path: string): Promise<Response>
  /** Opens a graphql-transport-ws client that connects once and does not try again. */
  webSocket(): Client
  /** Opens a stream of server-sent events: the data of each event of a subscription, until `stop`. */
  events(document: string, variables?: object): { next(): Promise<any>; stop(): void }
}

export function apiClient(url: string, token: string): ApiClient {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  const post = (query: string, variables: object, more: RequestInit & { accept?: string } = {}) =>
    fetch(`${url}/graphql`, {
      method: 'POST',
      body: JSON.stringify({ query, variables }),
      headers: { ...headers, ...(more.accept === undefined ? {} : { accept: more.accept }) },
      ...(more.signal === undefined ? {} : { signal: more.signal }),
    })
  return {
    async ask(document, variables = {}) {
      const answer = (await (await post(document, variables)).json()) as { data?: unknown; errors?: object[] }
      if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors))
      return answer.data
    },
    get: (path) => fetch(`${url}${path}`, { headers: { authorization: headers.authorization } }),
    webSocket: () =>
      createClient({
        url: `${url.replace(/^http/, 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: { authorization: `Bearer ${token}` },
        retryAttempts: 0,
        lazyCloseTimeout: 0,
      }),
    events(document, variables = {}) {
      const stopping = new AbortController()
      const data = readEvents(post(document, variables, { accept: 'text/event-stream', signal: stopping.signal }))
      return {
        async next() {
          const { value, done } = await data.next()
          if (done === true) throw new Error('the stream has ended')
          const answer = JSON.parse(value) as { data?: unknown; errors?: object[] }
          if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors))
          return answer.data
        },
        stop: () => stopping.abort(),
      }
    },
  }
}

/** The data of each `next` event of a stream, as text. */
async function* readEvents(asked: Promise<Response>): AsyncGenerator<string, undefined> {
  const response = await asked
  if (response.body === null) return
  let text = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      const data = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice('data: '.length))
      if (lines.includes('event: next') && data.length > 0) yield data.join('\n')
    }
  }
}
