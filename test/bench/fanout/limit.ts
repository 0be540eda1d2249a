/**
 * What the machine allows: `ws` takes the connections, and each event is one frame, built once, that is written to the
 * bare socket of everybody. No GraphQL, no database, no identity, no log, and the same id for all.
 */
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'
import type { FanoutEvent } from './document.ts'

const sockets = new Set<Socket>()
const server = createServer()
const endpoint = new WebSocketServer({ server, perMessageDeflate: false })

endpoint.on('connection', (client: WebSocket, { socket }) => {
  client.on('message', (data: Buffer) => {
    const { type } = JSON.parse(data.toString()) as { type: string }
    if (type === 'connection_init') client.send('{"type":"connection_ack"}')
    else if (type === 'subscribe') sockets.add(socket)
  })
  client.on('close', () => sockets.delete(socket))
})

process.on('message', (event: FanoutEvent) => {
  const frame = textFrame(
    JSON.stringify({ id: 'subscriber-0000', type: 'next', payload: { data: { grantEvents: event } } }),
  )
  for (const socket of sockets) socket.write(frame)
})
process.on('disconnect', () => process.exit(0))

function textFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  const header = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10)
  header[0] = 0x81
  header[1] = payload.length < 126 ? payload.length : payload.length < 65_536 ? 126 : 127
  if (header.length === 4) header.writeUInt16BE(payload.length, 2)
  if (header.length === 10) header.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([header, payload])
}

server.listen({ port: 0, host: '127.0.0.1', backlog: 1_024 }, () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
