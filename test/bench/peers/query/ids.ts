/** Ids and cursors of Mercurius' and Apollo Server's API: as opaque as the gateway's, and as long. */
export const globalId = (type: string, id: string): string => Buffer.from(`${type}:${id}`).toString('base64url')

export function readId(text: string): string {
  const plain = Buffer.from(text, 'base64url').toString()
  return plain.slice(plain.indexOf(':') + 1)
}

export const cursorOf = (keys: readonly string[]): string => Buffer.from(JSON.stringify(keys)).toString('base64url')

/** The keys in a cursor; null before the first page. */
export function readCursor(text: string | null | undefined): readonly string[] | null {
  return text === null || text === undefined
    ? null
    : (JSON.parse(Buffer.from(text, 'base64url').toString()) as readonly string[])
}
