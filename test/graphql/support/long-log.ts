import { globalId } from '../../../src/graphql/global-id.ts'
import type { Store } from '../../../src/store/store.ts'

const subscription = (n: number) => `b1b2c3d4-0000-4000-8000-00000000000${String(n)}`
const group = (account: number, name: string) => `/subscriptions/${subscription(account)}/resourcegroups/${name}`

/** The busy and the quiet account, a busy and a quiet resource group of the busy one, and machines in them. */
export const places = {
  busyAccount: `/subscriptions/${subscription(1)}`,
  quietAccount: `/subscriptions/${subscription(2)}`,
  busyGroup: group(1, 'busy'),
  quietGroup: group(1, 'quiet'),
  quietMachine: `${group(1, 'busy')}/providers/microsoft.compute/virtualmachines/quiet`,
}
export const quietMachineId = globalId('VirtualMachine', places.quietMachine)
export const busyMachineId = globalId('VirtualMachine', places.quietMachine.replace('/quiet', '/busy'))

/** Minutes between two facts of a long log: the last is of now. */
export const APART_MINUTES = 1

/**
 * Writes facts of which one in `rare` is out of the ordinary in each way, at its beginning only: of the quiet places,
 * by `rare`, asked for by `rob`, an `AccountRegistered`. All others are alike.
 */
export async function writeLongLog(store: Store, facts: number, rare = 20): Promise<void> {
  for (let from = 1; from <= facts; from += BATCH) await write(store, facts, rare, from)
  await store.pool.query('analyze activities')
}

/** Facts that one statement writes, which must not take too long. */
const BATCH = 20_000

async function write(store: Store, facts: number, rare: number, from: number): Promise<void> {
  await store.pool.query(
    `insert into activities (transaction, at, kind, actor_kind, actor_id, actor_name, account_id, resource_group_id,
       vm_id, grant_id, requester_id, detail)
     select (n::bigint * 500 / $1 + 1)::text::xid8, gateway_now() - ($1 - n) * interval '1 minute',
       (case when n % 1000 = 0 and n <= $2 then 'AccountRegistered' else 'GrantActivated' end)::fact_kind, 'PERSON',
       case when n % 1000 = 1 and n <= $2 then 'rare' else 'gateway' end, 'Somebody',
       case when n % 1000 = 2 and n <= $2 then $4 else $3 end,
       case when n % 1000 = 3 and n <= $2 then $6 when n % 1000 = 2 and n <= $2 then $4 || '/none' else $5 end,
       case when n % 1000 = 4 and n <= $2 then $7 else replace($7, '/quiet', '/busy') end,
       ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
       case when n % 1000 = 5 and n <= $2 then 'rob' else 'robot' end,
       case when n % 1000 = 0 and n <= $2 then '{"name":"Lab"}'::jsonb else
         '{"state":"ACTIVE","port":22,"protocol":"TCP","sources":["192.0.2.1/32"],"endsAt":null,"endReason":null,"fault":null}' end
     from generate_series($8::int, least($1::int, $8 + $9 - 1)) n`,
    [
      facts,
      rare * 1_000,
      subscription(1),
      subscription(2),
      places.busyGroup,
      places.quietGroup,
      places.quietMachine,
      from,
      BATCH,
    ],
  )
}
