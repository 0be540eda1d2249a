/**
 * A copy of `bytes` in memory of its own. Small buffers are slices of a pool that they share: one that is kept keeps all
 * of that, tens of kilobytes.
 */
export function inOwnMemory(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(copy)
  return copy
}
