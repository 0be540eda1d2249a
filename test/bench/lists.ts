import { parse } from 'graphql'
import type { Viewer } from '../../src/access/viewer.ts'
import { globalId } from '../../src/graphql/global-id.ts'
import { createOperationPlans } from '../../src/graphql/read/operation-plans.ts'
import { createSchema } from '../../src/graphql/schema.ts'
import { LEAST_VMS, seedEstate } from './query/estate/seed.ts'
import type { BenchFlags } from './run.ts'
import { useBenchDatabase } from './support/database.ts'
import { median } from './support/median.ts'

const page = `query ($filter: VirtualMachineFilter) { virtualMachines(first: 20, filter: $filter) {
  pageInfo { hasNextPage endCursor } nodes { id name jitStatus } } }`
const counts = `query ($filter: VirtualMachineFilter) { virtualMachineCounts(filter: $filter) {
  configured notConfigured unsupported } }`

/**
 * Asks for a page of each list and for its counts, one call after another over one connection: what one person waits
 * for. Of `--vms` machines, of which every hundredth is exposed, by who sees all of them and by who sees half of the
 * accounts; the median of `--runs`, in milliseconds, with the slowest in brackets.
 */
export async function run(flags: BenchFlags): Promise<object> {
  const [vms, runs] = [Number(flags['vms'] ?? 100_000), Number(flags['runs'] ?? 25)]
  if (!(vms >= LEAST_VMS && runs >= 1))
    throw new Error(`--vms must be at least ${String(LEAST_VMS)}, --runs at least 1`)
  const database = await useBenchDatabase()
  try {
    const { store, url } = database
    const { accountIds } = await seedEstate(url, { vms, seed: 1, viewerId: 'dana' })
    await store.pool.query(`
      insert into reported_exposures (vm_id, port, protocol, guarded, found_at)
      select id, 22, 'TCP', jit_status = 'CONFIGURED', gateway_now() from virtual_machines
      where jit_status <> 'UNSUPPORTED' and substr(md5(id), 1, 8) < '028f5c28'`)
    await store.pool.query('vacuum (analyze)')

    const person = (id: string, rolesHeld: Viewer['rolesHeld']): Viewer => ({
      actor: { kind: 'PERSON', id, name: id },
      groups: [],
      appRoles: [],
      rolesHeld,
      address: null,
    })
    const viewers = {
      all: person('ada', [{ role: 'READER', scope: '/' }]),
      half: person(
        'dana',
        accountIds.map((id) => ({ role: 'READER', scope: `/subscriptions/${id}` })),
      ),
    }
    const filters = {
      'no filter': {},
      'not configured': { jitStatus: ['NOT_CONFIGURED'] },
      'unsupported, Windows': { jitStatus: ['UNSUPPORTED'], os: ['WINDOWS'] },
      'an account': { accounts: [globalId('Account', accountIds[0] ?? '')] },
      'a resource group': { resourceGroup: 'rg-0007' },
      'a tag, 1 in 40': { tags: [{ name: 'owner', value: 'team-7' }] },
      'a tag that all have': { tags: [{ name: 'owner' }] },
      'search for one': { search: 'prod-012345' },
      'search for 1 in 8': { search: 'web' },
      'search for all': { search: 'rg-' },
      'search for a letter': { search: 'w' },
      'search for an address': { search: '10.0.12.7' },
      'search for nothing there': { search: 'zzzqqq' },
      exposed: { exposed: true },
    }
    const plans = createOperationPlans(createSchema(), (text) => parse(text))
    const figures: Record<string, string> = {}
    for (const [who, viewer] of Object.entries(viewers))
      for (const [what, filter] of Object.entries(filters))
        for (const [kind, document] of Object.entries({ page, counts })) {
          const taken: number[] = []
          // The first runs are planned anew, as those of a connection are until one plan is seen to serve them all.
          for (let turn = -7; turn < runs; turn += 1) {
            const from = performance.now()
            await plans.answer({ document, operationName: null, variables: { filter } }, viewer, store)
            if (turn >= 0) taken.push(performance.now() - from)
          }
          const text = `${median(taken).toFixed(1)} (${Math.max(...taken).toFixed(1)})`
          figures[`${kind}, ${what}, sees ${who}`] = text
          process.stderr.write(`${text.padStart(16)} ms  ${kind} of ${what}, for who sees ${who}\n`)
        }
    return { bench: 'lists', vms, figures }
  } finally {
    await database.stop()
  }
}
