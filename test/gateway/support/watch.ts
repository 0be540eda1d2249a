import { story, type ApiClient } from './client.ts'

/** The events of a subscription behind a place, over WebSocket, one by one. */
export function watch(who: ApiClient, name: string, variables: object) {
  const client = who.webSocket()
  const events = client.iterate({ query: story(name), variables: variables as Record<string, unknown> })
  return {
    async next(): Promise<any> {
      const { value, done } = await events.next()
      if (done === true || value.errors !== undefined) throw new Error(JSON.stringify(value?.errors ?? 'ended'))
      return Object.values(value.data ?? {})[0]
    },
    stop: () => client.dispose(),
  }
}
