/** Milliseconds of the machine's own clock, which all its processes share and nobody sets. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
