import { beforeAll, describe, expect, it } from 'vitest'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { liftLockDown } from '../../src/commands/lift-lock-down.ts'
import { lockDown } from '../../src/commands/lock-down.ts'
import { requestAccess } from '../../src/commands/request-access.ts'
import { globalId } from '../../src/graphql/global-id.ts'
import { useDatabase } from '../support/database.ts'
import { ask } from './support/ask.ts'
import { person } from './support/context.ts'

const database = useDatabase()
const admin = person('ada', 'POLICY_ADMIN')
const [account, other] = ['/aws/111122223333', '/aws/444455556666']
const instance = (inside: string) => `${inside}/eu-west-1/vpc-0a1b2c3d/instances/i-0a1b2c3d`

const request = (inside: string) =>
  requestAccess(
    { store: database.store, viewer: person('rob', 'REQUESTER') },
    { targets: [{ vmId: instance(inside), ports: [{ port: 22 }] }], sources: ['203.0.113.7'], durationSeconds: 600 },
  )

beforeAll(async () => {
  const { store } = database
  for (const path of [account, other]) {
    const id = path.slice('/aws/'.length)
    const vm = instance(path)
    await store.pool.query(
      `insert into accounts (id, name, registered_at, next_sync_at)
       values ($1, $1, gateway_now(), gateway_now() + interval '1 hour')`,
      [id],
    )
    await store.pool.query(
      `insert into virtual_machines (id, account_id, resource_group_id, resource_group, name, location, os, power,
         generation, first_seen_at, last_seen_at)
       values ($1, $2, $3, 'vpc-0a1b2c3d', 'web', 'eu-west-1', 'LINUX', 'RUNNING', 1, gateway_now(), gateway_now())`,
      [vm, id, `${path}/eu-west-1/vpc-0a1b2c3d`],
    )
    await store.pool.query(
      `insert into virtual_machine_interfaces (id, vm_id, account_id, "primary", addresses, generation)
       values ($1 || '/nic', $1, $2, true, '{10.0.0.4}', 1)`,
      [vm, id],
    )
  }
  const vmIds = [instance(account), instance(other)]
  expect((await enableJit({ store, viewer: admin }, { vmIds })).userErrors).toEqual([])
})

describe('in AWS a lockdown of', () => {
  it.each([
    ['an account', account],
    ['a VPC', `${account}/eu-west-1/vpc-0a1b2c3d`],
    ['an instance', instance(account)],
  ])(
    '%s ends its grants, keeps requests out, shows at its machines, and concerns no other account',
    async (_of, scope) => {
      const context = { store: database.store, viewer: admin }
      expect((await request(account)).userErrors).toEqual([])
      expect((await request(other)).userErrors).toEqual([])
      const { id, grantsEnded, userErrors } = await lockDown(context, { scope, reason: 'intrusion' })
      expect({ grantsEnded, userErrors }).toEqual({ grantsEnded: 1, userErrors: [] })
      expect((await request(account)).userErrors).toMatchObject([{ code: 'LOCKED_DOWN', scope }])
      expect((await request(other)).userErrors).toEqual([])
      const shown = async (inside: string) =>
        (
          await ask<any>(
            database.store,
            admin,
            'query ($id: ID!) { virtualMachine(id: $id) { lockdowns { scope } } }',
            {
              id: globalId('VirtualMachine', instance(inside)),
            },
          )
        ).virtualMachine.lockdowns
      expect([await shown(account), await shown(other)]).toEqual([[{ scope }], []])
      await liftLockDown(context, { lockdownId: id ?? '' })
      expect(await shown(account)).toEqual([])
    },
  )
})
