import { connect, type Socket } from 'node:net'

const HEAD_END = Buffer.from('\r\n\r\n')
const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n')
const NOTHING: Buffer = Buffer.alloc(0)

/**
 * A kept-alive HTTP/1.1 connection on a bare socket that has one request on its way at a time, and costs a few
 * microseconds a request: a client that did more would take its share of the machine from the servers.
 */
export class Connection {
  readonly #socket: Socket
  readonly #answered: (status: number, body: Buffer) => void
  #received = NOTHING
  #bodyStart = -1
  /** -1 for a body in chunks. */
  #length = -1

  constructor(port: number, answered: (status: number, body: Buffer) => void, failed: (error: Error) => void) {
    this.#answered = answered
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#socket.on('error', failed)
    this.#socket.on('close', () => failed(new Error('the server closed a connection')))
  }

  send(request: string): void {
    this.#socket.write(request, 'latin1')
  }

  close(): void {
    this.#socket.removeAllListeners('close')
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    if (this.#bodyStart < 0) {
      const end = this.#received.indexOf(HEAD_END)
      if (end < 0) return
      const head = this.#received.toString('latin1', 0, end)
      this.#bodyStart = end + HEAD_END.length
      this.#length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? -1)
    }
    const body = this.#whole()
    if (body === null) return
    const status = Number(this.#received.toString('latin1', 9, 12))
    this.#received = NOTHING
    this.#bodyStart = -1
    this.#answered(status, body)
  }

  /** The body, once it is there to its end. */
  #whole(): Buffer | null {
    const rest = this.#received.subarray(this.#bodyStart)
    if (this.#length >= 0) return rest.length < this.#length ? null : rest
    return rest.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK) ? unchunked(rest) : null
  }
}

function unchunked(bytes: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    if (!(size > 0)) return Buffer.concat(parts)
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}
