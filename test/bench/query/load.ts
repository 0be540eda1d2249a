/** The load generator, a process of its own: as many requests as go over its connections, each answer checked. */
import { Connection } from './connection.ts'
import type { LoadOrder, LoadReport } from './load-messages.ts'

const ERRORS = Buffer.from('"errors":')
const report = (what: LoadReport) => process.send?.(what)

process.on('disconnect', () => process.exit(0))
process.once('message', (order: LoadOrder) => ask(order))

function ask({ port, requests, lengths, connections, warmUpMs, countMs }: LoadOrder): void {
  let next = 0
  let counting = false
  let ended = false
  let latencies = new Float64Array(4_096)
  let count = 0
  const fail = (message: string) => {
    if (ended) return
    ended = true
    report({ kind: 'failed', message })
  }
  const all = Array.from({ length: connections }, () => {
    let index = 0
    let sentAt = 0
    const send = () => {
      index = next++ % requests.length
      sentAt = performance.now()
      connection.send(requests[index] ?? '')
    }
    const connection: Connection = new Connection(
      port,
      (status, body) => {
        if (ended) return
        if (status !== 200 || body.length !== lengths[index] || body.includes(ERRORS)) {
          fail(`an answer that is not right: ${String(status)} ${body.toString().slice(0, 500)}`)
          return
        }
        if (counting) {
          if (count === latencies.length) {
            const longer = new Float64Array(count * 2)
            longer.set(latencies)
            latencies = longer
          }
          latencies[count++] = performance.now() - sentAt
        }
        send()
      },
      (error) => fail(error.message),
    )
    send()
    return connection
  })
  setTimeout(() => {
    counting = true
    const [beganAt, before] = [performance.now(), process.cpuUsage()]
    report({ kind: 'began' })
    setTimeout(() => {
      if (ended) return
      ended = true
      const { user, system } = process.cpuUsage(before)
      const ms = performance.now() - beganAt
      report({ kind: 'ended', ms, latencies: latencies.slice(0, count), cpuUs: user + system })
      for (const connection of all) connection.close()
    }, countMs)
  }, warmUpMs)
}
