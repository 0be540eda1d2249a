/**
 * What the machine allows: a bare HTTP server that answers a document with the text of one prepared statement. No
 * GraphQL, no identity, no limits; only what the viewer may see is in the statement.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'pg'
import type { DocumentName, Place } from './documents.ts'
import { limitStatements } from './limit-statements.ts'

const { DATABASE_URL = '', ACCOUNT_IDS = '' } = process.env
const accountIds = ACCOUNT_IDS.split(',')
const pool = new Pool({
  connectionString: DATABASE_URL,
  max: 10,
  // As quick as can be: what is planned anew for each run takes longer to plan than to run.
  onConnect: (client) => client.query('set plan_cache_mode = force_generic_plan'),
})

const server = createServer((request, response) => {
  const name = (request.url ?? '').slice(1) as DocumentName
  let body = ''
  request.setEncoding('utf8')
  request.on('data', (chunk: string) => (body += chunk))
  request.on('end', () => {
    const statement = limitStatements[name]
    const values = [accountIds, ...statement.values(JSON.parse(body) as Place)]
    pool.query<{ answer: string }>({ name, text: statement.text, values }).then(
      ({ rows }) => {
        const answer = Buffer.from(rows[0]?.answer ?? '')
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer)
      },
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
})
process.on('disconnect', () => process.exit(0))
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
