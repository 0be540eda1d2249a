import type { IncomingMessage } from 'node:http'

/** The path that a request names, without its parameters. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/'
}
