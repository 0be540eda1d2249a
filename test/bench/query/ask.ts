import type { Json } from './shape.ts'

/** Asks a GraphQL server once, outside any measurement; fails when it answers errors. */
export async function ask(
  port: number,
  headers: Readonly<Record<string, string>>,
  query: string,
  variables: object,
): Promise<Json> {
  const response = await fetch(`http://127.0.0.1:${String(port)}/graphql`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  })
  const answer = (await response.json()) as { data?: Json; errors?: unknown }
  if (answer.data === undefined || answer.errors !== undefined) throw new Error(JSON.stringify(answer))
  return answer.data
}
