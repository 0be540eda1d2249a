import { startSimulator } from '../../../../src/cloud/simulator/start.ts'
import { smallEstate } from '../../../support/cloud-estate.ts'

/** Serves a cloud kept in the file named by its argument, with writes that take hours, until it is killed. */
const [file = ''] = process.argv.slice(2)
const { estate } = smallEstate([{ name: 'web' }])
const { endpoint, certificateAuthority, token } = await startSimulator({ file, estate, operationMs: 36_000_000 })
process.stdout.write(`${JSON.stringify({ endpoint, certificateAuthority, token })}\n`)
