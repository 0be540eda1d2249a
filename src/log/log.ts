/** Structured logging, as every room sees it: fields first, then a message that names the event. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Says nothing: for tests and tools. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
