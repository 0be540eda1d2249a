import fc from 'fast-check'
import type { PoolClient } from 'pg'
import { expect, it } from 'vitest'
import { foldTallies } from '../../src/store/inventory/fold-tallies.ts'
import type { Transaction } from '../../src/store/store.ts'
import { drizzle } from 'drizzle-orm/node-postgres'
import { useDatabase } from '../support/database.ts'
import { account, vmId, writeBoundaries, writeMachine, writePolicy } from './estate.ts'

const database = useDatabase()

/** What a writer may do to a machine of its own, as one statement. */
const changes = {
  goes: 'set gone_at = gateway_now()',
  returns: 'set gone_at = null',
  'cannot be guarded': `set unsupported_reason = 'CLASSIC'`,
  'can be guarded': 'set unsupported_reason = null',
  'is seen again': 'set last_seen_at = gateway_now()',
  'moves to another group': `set resource_group_id = resource_group_id || 'x'`,
} as const

const step = fc.oneof(
  fc.record({
    writer: fc.constantFrom(0, 1),
    does: fc.constantFrom(...(Object.keys(changes) as (keyof typeof changes)[])),
    machines: fc.uniqueArray(fc.constantFrom(0, 1, 2), { minLength: 1 }),
  }),
  fc.record({
    writer: fc.constantFrom(0, 1),
    does: fc.constantFrom('a policy comes into force', 'no policy is in force', 'commits', 'rolls back'),
    machines: fc.constant([0, 1, 2]),
  }),
  fc.constant({ writer: 0, does: 'folds' as const, machines: [] }),
)

it('the tallies say at any moment how many machines there are, whoever writes them, folds them or takes it back', async () => {
  const { store } = database
  await writeBoundaries(store, [])
  let estates = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const names = [0, 1].map((writer) => [0, 1, 2].map((n) => `vm-${estates}-${writer}-${n}`))
      estates += 1
      for (const name of names.flat()) {
        await writeMachine(store, name, [])
        await writePolicy(store, name)
      }
      const writers = await Promise.all([store.pool.connect(), store.pool.connect()])
      try {
        for (const writer of writers) await writer.query('begin')
        for (const { writer, does, machines } of steps) {
          const client = writers[writer] as PoolClient
          const ids = machines.map((n) => vmId(names[writer]?.[n] ?? ''))
          if (does === 'commits' || does === 'rolls back')
            await client.query(`${does === 'commits' ? 'commit' : 'rollback'}; begin`)
          else if (does === 'folds') await foldTallies(drizzle({ client }) as unknown as Transaction, account)
          else if (does === 'a policy comes into force' || does === 'no policy is in force')
            await client.query(
              `update policies set disabled_at = ${does === 'no policy is in force' ? 'gateway_now()' : 'null'} where vm_id = any($1)`,
              [ids],
            )
          else await client.query(`update virtual_machines ${changes[does]} where id = any($1)`, [ids])
          for (const reader of [client, store.pool]) expect(await tallied(reader)).toEqual(await counted(reader))
        }
      } finally {
        for (const writer of writers) {
          await writer.query('rollback')
          writer.release()
        }
      }
    }),
    { numRuns: 60 },
  )
})

type Reader = Pick<PoolClient, 'query'>

async function rowsOf(reader: Reader, text: string): Promise<unknown> {
  return (await reader.query(`${text} order by 1, 2, 3`)).rows
}

const tallied = (reader: Reader) =>
  rowsOf(
    reader,
    `select account_id, resource_group_id, jit_status, sum(machines)::int as n from machine_tallies
     group by 1, 2, 3 having sum(machines) <> 0`,
  )
/** Of each resource group, and of each account as a whole. */
const counted = (reader: Reader) =>
  rowsOf(
    reader,
    `select account_id, resource_group_id, jit_status, count(*)::int as n from virtual_machines where gone_at is null
     group by grouping sets ((1, 2, 3), (1, 3))`,
  )
