/**
 * Headers that let a page of `origin` read an answer, where it is one of those that may. They say the same as the
 * pipeline's, which also answers preflights.
 */
export function crossOriginHeaders(
  allowed: readonly string[],
  origin: string | undefined,
): Readonly<Record<string, string>> {
  if (allowed.length === 0 || origin === undefined) return {}
  if (allowed.length === 1) return { 'access-control-allow-origin': String(allowed[0]) }
  if (!allowed.includes(origin)) return { 'access-control-allow-origin': 'null' }
  return { 'access-control-allow-origin': origin, vary: 'Origin' }
}
