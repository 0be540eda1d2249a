const PATTERN = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/

/** Seconds in an ISO 8601 duration of weeks, days, hours, minutes and seconds; null when the text is none. */
export function parseDuration(text: string): number | null {
  const parts = PATTERN.exec(text)
  if (parts === null || text.endsWith('P') || text.endsWith('T')) return null
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0))
  return weeks * 604_800 + days * 86_400 + hours * 3_600 + minutes * 60 + seconds
}

/** The ISO 8601 text of a whole number of seconds, in hours, minutes and seconds: 10800 is `PT3H`. */
export function formatDuration(seconds: number): string {
  const hours = Math.floor(seconds / 3_600)
  const minutes = Math.floor((seconds % 3_600) / 60)
  const rest = seconds % 60
  const text = `${hours > 0 ? `${hours}H` : ''}${minutes > 0 ? `${minutes}M` : ''}${rest > 0 ? `${rest}S` : ''}`
  return `PT${text === '' ? '0S' : text}`
}
