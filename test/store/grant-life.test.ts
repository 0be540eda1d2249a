import { beforeAll, describe, expect, it } from 'vitest'
import { grantStates, type GrantState } from '../../src/access/words.ts'
import { useDatabase } from '../support/database.ts'
import { writeBoundaries, writeGrant, writeMachine } from './estate.ts'

const database = useDatabase()

/** The life of a grant: from each state, the states that may follow. */
const life: Record<GrantState, readonly GrantState[]> = {
  PENDING_APPROVAL: ['SCHEDULED', 'OPENING', 'CLOSED'],
  SCHEDULED: ['OPENING', 'CLOSED'],
  OPENING: ['ACTIVE', 'CLOSING', 'OPEN_FAILED'],
  ACTIVE: ['CLOSING'],
  CLOSING: ['CLOSED'],
  CLOSED: [],
  OPEN_FAILED: [],
}

beforeAll(async () => {
  await writeBoundaries(database.store, [])
  await writeMachine(database.store, 'web', [])
})

const become = async (from: GrantState, to: GrantState) => {
  const id = await writeGrant(database.store, 'web', from)
  await database.store.pool.query('update grants set state = $2 where id = $1', [id, to])
}

describe.each(grantStates)('a grant that is %s', (from) => {
  it.each(life[from].map((to) => [to]))('may become %s', async (to) => {
    await expect(become(from, to)).resolves.toBeUndefined()
  })

  it.each(grantStates.filter((to) => to !== from && !life[from].includes(to)).map((to) => [to]))(
    'can never become %s',
    async (to) => {
      await expect(become(from, to)).rejects.toMatchObject({ code: '23000', constraint: 'grants_legal_transition' })
    },
  )

  it('can change in other ways without changing its state', async () => {
    const id = await writeGrant(database.store, 'web', from)
    await database.store.pool.query('update grants set drifted = true, state = state where id = $1', [id])
  })
})

it('keeps every grant for the audit trail', async () => {
  const id = await writeGrant(database.store, 'web', 'CLOSED')
  const refused = { code: '23000', constraint: 'grants_kept' }
  await expect(database.store.pool.query('delete from grants where id = $1', [id])).rejects.toMatchObject(refused)
  await expect(database.store.pool.query('truncate requests cascade')).rejects.toMatchObject(refused)
})
