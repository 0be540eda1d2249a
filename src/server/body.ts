import type { IncomingMessage } from 'node:http'

/** The whole body of a request, which its headers bound; null when it breaks off. */
export function bodyOf(request: IncomingMessage): Promise<string | null> {
  return new Promise((resolve) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (part: string) => (body += part))
    request.once('end', () => resolve(body))
    request.once('close', () => resolve(null))
    request.once('error', () => resolve(null))
  })
}
