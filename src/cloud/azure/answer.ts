import { CloudError } from '../error.ts'

/** What Azure Resource Manager answered to one call. */
export interface ArmAnswer {
  readonly status: number
  /** By lower-cased name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

/** An object as JSON has it, read without trust in its shape. */
export type Json = Readonly<Record<string, unknown>>

/** A property of a value that may be no object at all. */
export function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Json)[name] : undefined
}

/** A text property; null when it is none. */
export function textProperty(value: unknown, name: string): string | null {
  const found = property(value, name)
  return typeof found === 'string' ? found : null
}

/** A list property; empty when it is none. */
export function listProperty(value: unknown, name: string): readonly unknown[] {
  const found = property(value, name)
  return Array.isArray(found) ? found : []
}

/** The id that a property refers to, lower-cased; null when it refers to nothing. */
export function reference(value: unknown, name: string): string | null {
  return textProperty(property(value, name), 'id')?.toLowerCase() ?? null
}

/** How long the cloud asks to wait, in milliseconds: the header holds seconds or a date. Null when it does not ask. */
export function retryAfterMs({ headers }: ArmAnswer, now: number): number | null {
  const text = headers['retry-after']
  if (text === undefined) return null
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1_000 : Date.parse(text) - now
  return Number.isNaN(ms) ? null : Math.max(0, ms)
}

/** The cloud's own id of the call, by which its activity log and ours are joined. */
export function correlationIdOf({ headers }: ArmAnswer): string | null {
  return headers['x-ms-correlation-request-id'] ?? headers['x-ms-request-id'] ?? null
}

/** An answer that is not what was asked for, and so says nothing about it. */
export function unexpectedAnswer(what: string): CloudError {
  const message = `Azure's address answered with ${what}; is something else reached at ARM_ENDPOINT? The gateway tries again.`
  return new CloudError('UNAVAILABLE', 'UnexpectedAnswer', message)
}
