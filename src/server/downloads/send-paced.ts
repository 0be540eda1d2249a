import type { ServerResponse } from 'node:http'

/** Bytes written at a time: that much at most waits in memory for a reader, beside what is being put together. */
const PIECE = 64 * 1_024

/** Writes a text as fast as its reader takes it; false when the reader has gone. */
export async function sendPaced(response: ServerResponse, text: string): Promise<boolean> {
  const bytes = Buffer.from(text)
  for (let from = 0; from < bytes.length; from += PIECE) {
    if (response.destroyed) return false
    if (!response.write(bytes.subarray(from, from + PIECE))) await drained(response)
  }
  return !response.destroyed
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.once('drain', done)
    response.once('close', done)
  })
}
