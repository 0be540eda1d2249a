/** A process that takes part in the server of a data folder, says so, and waits to be killed. */
import { silentLog } from '../../../src/log/log.ts'
import { startEmbeddedPostgres } from '../../../src/store/embedded/start.ts'

const server = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? '', log: silentLog })
process.stdout.write(`${server.url}\n`)
process.stdin.resume()
