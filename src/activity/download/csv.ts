import type { Activity } from '../activity.ts'
import { columns } from './columns.ts'

/** Begins what spreadsheets take for a formula, and what they leave out ahead of one. (Source: OWASP, "CSV Injection".) */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/

/** The line that names the columns. */
export const csvHeader = line(columns.map(({ name }) => name))

/** A fact as a line of CSV (RFC 4180). */
export function csvLine(activity: Activity): string {
  return line(columns.map(({ of }) => harmless(of(activity) ?? '')))
}

/** The same text, unless a spreadsheet would run it: such a one begins with an apostrophe. */
function harmless(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text
}

function line(cells: readonly string[]): string {
  return `${cells.map(quoted).join(',')}\r\n`
}

function quoted(text: string): string {
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
