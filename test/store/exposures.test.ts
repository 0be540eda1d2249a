import { beforeEach, describe, expect, it } from 'vitest'
import { useDatabase } from '../support/database.ts'
import { boundaryId, vmId, writeBoundaries, writeMachine, writePolicy } from './estate.ts'

const database = useDatabase()

let machines = 0
let machine = ''

/** A machine with a policy for port 22, behind these paths. */
const protect = async (...paths: (readonly [string | null, string | null])[]) => {
  await writeMachine(database.store, machine, paths)
  await writePolicy(database.store, machine)
}

/** A foreign rule of the boundary lets the port pass there. */
const shadow = (boundary: string, port = 22) =>
  database.store.pool.query(
    `insert into boundary_shadows (boundary_id, vm_id, port, protocol, rule_name) values ($1, $2, $3, 'TCP', $4)`,
    [boundaryId(boundary), vmId(machine), port, `allow-in-${boundary}`],
  )

const exposures = async () => {
  const { rows } = await database.store.pool.query(
    'select port, protocol, boundary_id, rule_name from exposures where vm_id = $1',
    [vmId(machine)],
  )
  return rows
}

const exposedBy = (boundary: string) => [
  { port: 22, protocol: 'TCP', boundary_id: boundaryId(boundary), rule_name: `allow-in-${boundary}` },
]

beforeEach(async () => {
  if (machines === 0) await writeBoundaries(database.store, ['subnet', 'own', 'other'])
  machine = `vm-${(machines += 1)}`
})

describe('a protected port', () => {
  it('is not exposed while no boundary on the path lets it pass', async () => {
    await protect(['subnet', 'own'])
    expect(await exposures()).toEqual([])
  })

  it('is exposed when the only boundary on the path lets it pass', async () => {
    await protect([null, 'own'])
    await shadow('own')
    expect(await exposures()).toEqual(exposedBy('own'))
  })

  it('is not exposed when one of two boundaries on the path holds', async () => {
    await protect(['subnet', 'own'])
    await shadow('own')
    expect(await exposures()).toEqual([])
  })

  it('is exposed once, by a rule of the path, when both boundaries let it pass', async () => {
    await protect(['subnet', 'own'])
    await shadow('own')
    await shadow('subnet')
    expect(await exposures()).toEqual(exposedBy('own'))
  })

  it('is exposed when one of several interfaces is', async () => {
    await protect(['subnet', null], ['other', null])
    await shadow('other')
    expect(await exposures()).toEqual(exposedBy('other'))
  })

  it('is exposed by no rule when an interface has no boundary at all', async () => {
    await protect(['subnet', null], [null, null])
    expect(await exposures()).toEqual([{ port: 22, protocol: 'TCP', boundary_id: null, rule_name: null }])
  })

  it('is not exposed by a rule that lets another port pass', async () => {
    await protect([null, 'own'])
    await shadow('own', 3389)
    expect(await exposures()).toEqual([])
  })
})

describe('an exposed port', () => {
  it.each([
    ['its policy is disabled', 'update policies set disabled_at = gateway_now() where vm_id = $1'],
    ['its machine is gone', 'update virtual_machines set gone_at = gateway_now() where id = $1'],
    ['its machine has no address', `update virtual_machine_interfaces set addresses = '{}' where vm_id = $1`],
  ])('is one no more when %s', async (_when, statement) => {
    await protect([null, 'own'])
    await shadow('own')
    await database.store.pool.query(statement, [vmId(machine)])
    expect(await exposures()).toEqual([])
  })

  it('stays one when the last boundary of its path is gone: nothing guards the machine any more', async () => {
    await protect([null, 'own'])
    await database.store.pool.query(`update virtual_machine_interfaces set own_boundary_id = null where vm_id = $1`, [
      vmId(machine),
    ])
    await database.store.pool.query(
      `update virtual_machines set unsupported_reason = 'NO_NETWORK_SECURITY_GROUP' where id = $1`,
      [vmId(machine)],
    )
    expect(await exposures()).toMatchObject([{ port: 22, boundary_id: null, rule_name: null }])
  })
})
