import type { Settings } from './settings.ts'

/** For `JSON.stringify`: spells the resource ids of an answer in another case, as ARM's providers do at times. */
export function respell(idCase: Settings['idCase']): ((key: string, value: unknown) => unknown) | undefined {
  if (idCase === 'asMade') return undefined
  return (key, value) => {
    if (key !== 'id' || typeof value !== 'string' || !value.startsWith('/subscriptions/')) return value
    return idCase === 'lower' ? value.toLowerCase() : upper(value)
  }
}

/** Upper case for all but the keywords, which keep theirs. */
function upper(id: string): string {
  return id.replaceAll(/[^/]+/g, (part) =>
    /^(subscriptions|resourceGroups|providers)$/.test(part) ? part : part.toUpperCase(),
  )
}
