const JSON_TYPE = 'application/json'
const RESPONSE_TYPE = 'application/graphql-response+json'
/** What stands for either is answered as plain JSON. */
const ANY = new Set(['*/*', 'application/*', JSON_TYPE])

/**
 * The media type of a JSON answer to who sent this `Accept` header, which is the first of them that it names; null when
 * it names none.
 */
export function mediaTypeFor(accept: string | undefined): string | null {
  if (accept === undefined || accept === '' || accept === '*/*' || accept === JSON_TYPE) return JSON_TYPE
  for (const range of accept.replaceAll(/\s/g, '').toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';')
    const charset = parameters.find((parameter) => parameter.includes('charset='))
    if (charset !== undefined && charset !== 'charset=utf-8') continue
    if (type === RESPONSE_TYPE) return RESPONSE_TYPE
    if (ANY.has(type)) return JSON_TYPE
  }
  return null
}
