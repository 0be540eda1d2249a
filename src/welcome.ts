import type { LocalToken } from './server/identity/open-identity.ts'

/** What a person is told once the gateway serves: where it is, what stands behind it, and how to come in. */
export function welcome(served: {
  readonly url: string
  readonly database: string
  readonly cloud: string
  readonly tokens: readonly LocalToken[]
  readonly seconds: number
}): string {
  const tokens = served.tokens.flatMap(({ name, token }) => ['', `  ${name}:`, `  ${token}`])
  return [
    '',
    `JIT Gateway is ready, after ${served.seconds.toFixed(1)} s.`,
    '',
    `  API and GraphiQL  ${served.url}/graphql`,
    `  Subscriptions     ${served.url.replace(/^http/, 'ws')}/graphql (graphql-transport-ws), or server-sent events`,
    `  Health            ${served.url}/healthz and ${served.url}/readyz`,
    `  Database          ${served.database}`,
    `  Cloud             ${served.cloud}`,
    ...(tokens.length === 0
      ? []
      : [
          '',
          'Tokens, good for twelve hours; GraphiQL has the first. Send one as "Authorization: Bearer <token>".',
          ...tokens,
        ]),
    '',
    '',
  ].join('\n')
}
