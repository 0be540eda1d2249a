import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Answers with a JSON body that nobody may keep. */
export function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify(body)}\n`)
}

/** Refuses an upgrade request: its socket is still a bare one, so the answer is written by hand. */
export function refuseUpgrade(socket: Duplex, status: number): void {
  const phrase = STATUS_CODES[status] ?? ''
  const answer = `HTTP/1.1 ${String(status)} ${phrase}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`
  socket.on('error', () => socket.destroy())
  socket.end(answer, () => socket.destroy())
}
