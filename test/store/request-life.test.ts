import { describe, expect, it } from 'vitest'
import { requestStatuses, type RequestStatus } from '../../src/access/words.ts'
import { useDatabase } from '../support/database.ts'

const database = useDatabase()

/** The life of a request: from each status, those that may follow. */
const life: Record<RequestStatus, readonly RequestStatus[]> = {
  PENDING_APPROVAL: ['APPROVED', 'DENIED', 'WITHDRAWN', 'LAPSED'],
  APPROVED: ['WITHDRAWN'],
  DENIED: [],
  WITHDRAWN: [],
  LAPSED: [],
}

async function become(from: RequestStatus, to: RequestStatus): Promise<void> {
  const { rows } = await database.store.pool.query<{ id: string }>(
    `insert into requests (id, requester_kind, requester_id, requester_name, status, requested_at, decide_by, look_at)
     values (gen_random_uuid(), 'PERSON', 'ada', 'Ada', $1, gateway_now(), gateway_now(), gateway_now()) returning id`,
    [from],
  )
  await database.store.pool.query('update requests set status = $2 where id = $1', [rows[0]?.id, to])
}

describe.each(requestStatuses)('a request that is %s', (from) => {
  it.each(requestStatuses.filter((to) => to !== from).map((to) => [to]))(
    'becomes %s only where that may follow',
    async (to) => {
      if (life[from].includes(to)) await expect(become(from, to)).resolves.toBeUndefined()
      else
        await expect(become(from, to)).rejects.toMatchObject({ code: '23000', constraint: 'requests_legal_transition' })
    },
  )
})

it('never waits without an end', async () => {
  const endless = `insert into requests (id, requester_kind, requester_id, requester_name, status, requested_at)
    values (gen_random_uuid(), 'PERSON', 'ada', 'Ada', 'PENDING_APPROVAL', gateway_now())`
  await expect(database.store.pool.query(endless)).rejects.toMatchObject({ constraint: 'requests_waiting_have_an_end' })
})
