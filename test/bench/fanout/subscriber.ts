import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { document, eventFields, sequenceIn } from './document.ts'
import { clientFrame, opcodes, takeFrames } from './frames.ts'

/** Where a server listens, and how one is let in. */
export interface Endpoint {
  readonly port: number
  readonly path: string
  /** Bearer token; null where nobody asks for one. */
  readonly token: string | null
  /** Whether the server answers each subscriber under the id of its own subscription. */
  readonly ownIds: boolean
}

/** Bytes are used up before the next read, so that all sockets of the process read into the same place. */
const read = Buffer.allocUnsafe(256 * 1_024)
/** Every so many events of a subscriber one is read as JSON and looked at in full; the first of each always is. */
const CHECK_EVERY = 1_024

/** One WebSocket of one subscriber, on a bare socket. */
export class Subscriber {
  /** False once it was stalled: nobody waits for what it receives. */
  counted = true
  /** How it ended: the code of the close frame, or 0 for a connection that was cut; null while it lives. */
  closed: number | null = null
  bytes = 0
  frames = 0
  readonly #endpoint: Endpoint
  readonly #id: string
  readonly #received: (subscriber: Subscriber, sequence: number) => void
  readonly #fault: (message: string) => void
  readonly #acknowledged = Promise.withResolvers<void>()
  readonly #socket: Socket
  #log = new Int32Array(128)
  #count = 0
  #upgraded = false
  #rest: Buffer | null = null

  constructor(
    endpoint: Endpoint,
    id: string,
    received: (subscriber: Subscriber, sequence: number) => void,
    fault: (message: string) => void,
  ) {
    this.#endpoint = endpoint
    this.#id = id
    this.#received = received
    this.#fault = fault
    // Nobody waits for it yet.
    this.#acknowledged.promise.catch(() => {})
    const callback = (length: number) => {
      this.#take(length)
      return true
    }
    this.#socket = connect({
      port: endpoint.port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: read, callback },
    })
    this.#socket.once('connect', () => this.#socket.write(upgradeRequest(endpoint)))
    this.#socket.on('error', () => {})
    this.#socket.once('close', () => {
      this.closed ??= 0
      this.#acknowledged.reject(new Error(`${this.#id} was not let in: ${String(this.closed)}`))
    })
  }

  /** Resolves once the server let it in and it has asked for events. */
  subscribed(): Promise<void> {
    return this.#acknowledged.promise
  }

  /** The numbers of the events it received, in their order. */
  log(): Int32Array {
    return this.#log.subarray(0, this.#count)
  }

  stall(): void {
    this.counted = false
    this.#socket.pause()
  }

  /** Says something that needs no answer: one who does not read learns only by that that the connection was cut. */
  nudge(): void {
    if (this.closed === null) this.#send({ type: 'pong' })
  }

  readOn(): void {
    this.#socket.resume()
  }

  leave(): void {
    this.#socket.destroy()
  }

  #take(length: number): void {
    this.bytes += length
    let [bytes, end] = [read, length]
    if (this.#rest !== null) {
      bytes = Buffer.concat([this.#rest, read.subarray(0, length)])
      end = bytes.length
      this.#rest = null
    }
    let from = 0
    if (!this.#upgraded) {
      const head = bytes.subarray(0, end).indexOf('\r\n\r\n')
      if (head >= 0) {
        const status = bytes.toString('latin1', 0, head)
        if (!status.startsWith('HTTP/1.1 101')) this.#fault(`the upgrade was refused: ${status}`)
        this.#upgraded = true
        from = head + 4
        const { token } = this.#endpoint
        const payload = token === null ? {} : { authorization: `Bearer ${token}` }
        this.#send({ type: 'connection_init', payload })
      }
    }
    if (this.#upgraded)
      from = takeFrames(bytes, from, end, (opcode, start, stop, final) => {
        this.#frame(bytes, opcode, start, stop, final)
      })
    if (from < end) this.#rest = Buffer.from(bytes.subarray(from, end))
  }

  #frame(bytes: Buffer, opcode: number, start: number, end: number, final: boolean): void {
    if (opcode === opcodes.text && final) {
      const sequence = sequenceIn(bytes, start, end)
      if (sequence < 0) this.#message(bytes.toString('utf8', start, end))
      else {
        if (this.#count % CHECK_EVERY === 0) this.#check(bytes.toString('utf8', start, end))
        if (this.#count === this.#log.length) {
          const longer = new Int32Array(this.#log.length * 2)
          longer.set(this.#log)
          this.#log = longer
        }
        this.#log[this.#count++] = sequence
        this.frames += 1
        this.#received(this, sequence)
      }
    } else if (opcode === opcodes.ping) this.#socket.write(clientFrame(opcodes.pong, bytes.subarray(start, end)))
    else if (opcode === opcodes.close) this.closed = end - start >= 2 ? bytes.readUInt16BE(start) : 1005
    else if (opcode !== opcodes.pong) this.#fault(`a frame that nobody expects: opcode ${String(opcode)}`)
  }

  /** A message that is no event. */
  #message(text: string): void {
    const { type } = JSON.parse(text) as { type: string }
    if (type === 'connection_ack') {
      this.#send({ id: this.#id, type: 'subscribe', payload: { query: document } })
      this.#acknowledged.resolve()
    } else if (type === 'ping') this.#send({ type: 'pong' })
    else if (type !== 'pong') this.#fault(`${this.#id} was told ${text}`)
  }

  /** Whether an event says everything that was asked for, under the right id. */
  #check(text: string): void {
    const { id, type, payload } = JSON.parse(text) as Message
    const event = payload?.data?.grantEvents ?? {}
    const right =
      type === 'next' &&
      (id === this.#id || !this.#endpoint.ownIds) &&
      payload?.errors === undefined &&
      eventFields.every((field) => event[field] !== undefined)
    if (!right) this.#fault(`${this.#id} was sent what it did not ask for: ${text}`)
  }

  #send(message: object): void {
    this.#socket.write(clientFrame(opcodes.text, Buffer.from(JSON.stringify(message))))
  }
}

interface Message {
  readonly id?: string
  readonly type?: string
  readonly payload?: {
    readonly data?: { readonly grantEvents?: Readonly<Record<string, unknown>> }
    readonly errors?: unknown
  }
}

function upgradeRequest({ port, path }: Endpoint): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${String(port)}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Protocol: graphql-transport-ws',
    '',
    '',
  ].join('\r\n')
}
