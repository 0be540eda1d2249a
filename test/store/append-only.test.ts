import { expect, it } from 'vitest'
import { gatewayActor } from '../../src/access/words.ts'
import { appendFacts } from '../../src/store/append-facts.ts'
import { useDatabase } from '../support/database.ts'

const database = useDatabase()

it.each(['update activities set actor_name = $$somebody else$$', 'delete from activities', 'truncate activities'])(
  'refuses `%s`',
  async (statement) => {
    const { db, pool } = database.store
    await db.transaction((tx) =>
      appendFacts(tx, [{ kind: 'AccountRegistered', actor: gatewayActor, detail: { name: 'production' } }]),
    )
    await expect(pool.query(statement)).rejects.toMatchObject({ code: '23000', constraint: 'activities_append_only' })
    const { rows } = await pool.query(`select actor_name from activities order by position desc limit 1`)
    expect(rows).toEqual([{ actor_name: gatewayActor.name }])
  },
)
