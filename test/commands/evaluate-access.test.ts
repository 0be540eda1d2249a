import { beforeAll, describe, expect, it } from 'vitest'
import { roleNames } from '../../src/access/role.ts'
import { disableJit } from '../../src/commands/disable-jit.ts'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { evaluateAccess } from '../../src/commands/evaluate-access.ts'
import { liftLockDown } from '../../src/commands/lift-lock-down.ts'
import { lockDown } from '../../src/commands/lock-down.ts'
import { requestAccess } from '../../src/commands/request-access.ts'
import { updatePolicy } from '../../src/commands/update-policy.ts'
import { shutGate } from '../../src/store/lockdowns.ts'
import type { Store } from '../../src/store/store.ts'
import { useDatabase } from '../support/database.ts'
import { watchedStore } from '../support/watched-store.ts'
import { protectOn, rule, user } from './support/approvals.ts'
import {
  admin,
  group,
  operator,
  otherGroup,
  person,
  protect,
  requester,
  vmId,
  writeMachines,
} from './support/estate.ts'
import { beginByHand } from './support/interleave.ts'
import { everything, rows, told } from './support/look.ts'

const database = useDatabase()
const many = Array.from({ length: 100 }, (_, index) => `m-${index}`)
const target = (name: string) => ({ vmId: vmId(name), ports: [{ port: 22 }] })
const input = { targets: ['web', 'watched'].map(target) }
const evaluate = (store: Store, asked = input, viewer = requester) => evaluateAccess({ store, viewer }, asked)

beforeAll(async () => {
  const { store } = database
  await protect(store, 'web')
  await protectOn(store, 'watched', { approvalRule: rule(1, user('ann')) })
  await writeMachines(store, many)
  const { results } = await enableJit({ store, viewer: admin }, { vmIds: many.map((name) => vmId(name)) })
  expect(results).toHaveLength(many.length)
})

const watched = (before: Parameters<typeof watchedStore>[1]) => watchedStore(database.store, before)

/** The numbers of the statements of an evaluation, the commit among them. */
async function statementsOf(asked: typeof input): Promise<readonly number[]> {
  const numbers: number[] = []
  await evaluate(
    watched((number) => void numbers.push(number)),
    asked,
  )
  return numbers
}

describe('the evaluation of a request that is not made', () => {
  it('writes nothing, in a transaction that could not', async () => {
    const before = await everything(database.store)
    let writable: unknown
    const store = watched(async (_number, tx) => {
      const { rows: shown } = await tx.execute<{ off: string }>(
        `select current_setting('transaction_read_only') as off`,
      )
      writable = shown[0]?.off !== 'on'
    })
    for (const more of [{}, { justification: 'down', breakGlass: true }]) {
      const { targets } = await evaluate(store, { ...input, ...more }, operator)
      expect(targets.flatMap(({ ports }) => ports.map(({ permitted }) => permitted?.port))).toEqual([22, 22])
      expect(writable).toBe(false)
    }
    expect(await everything(database.store)).toEqual(before)
    await requestAccess({ store: database.store, viewer: requester }, input)
    expect(await everything(database.store)).not.toEqual(before)
  })

  it('waits for nobody who changes its policies, locks its machines down, or asks for access', async () => {
    const { store } = database
    const answer = await evaluate(store)
    const client = await beginByHand(store)
    await client.query('select 1 from policies for update')
    await client.query('select 1 from virtual_machines for update')
    const shut = Promise.withResolvers<void>()
    const done = Promise.withResolvers<void>()
    const locking = store.db.transaction(async (tx) => {
      await shutGate(tx, '/')
      shut.resolve()
      await done.promise
    })
    await shut.promise
    try {
      expect(await evaluate(store)).toEqual(answer)
    } finally {
      done.resolve()
      await locking
    }
  })

  it('holds up nobody, however far it is', async () => {
    const context = { store: database.store, viewer: admin }
    const [found] = await rows<{ id: string }>(
      database.store,
      'select id from policies where vm_id = $1 and disabled_at is null',
      [vmId('web')],
    )
    const numbers: number[] = []
    const store = watched(async (number) => {
      numbers.push(number)
      const changed = await updatePolicy(context, { policyIds: [found?.id ?? ''], setPorts: [{ port: 23 }] })
      expect(changed.results[0]?.userErrors).toEqual([])
      const { id } = await lockDown(context, { scope: '/', reason: 'a drill' })
      await liftLockDown(context, { lockdownId: id ?? '' })
      expect((await disableJit(context, { vmIds: [vmId('watched')] })).userErrors).toEqual([])
      await enableJit(context, { vmIds: [vmId('watched')], approvalRule: rule(1, user('ann')) })
    })
    await evaluate(store)
    expect(numbers.length).toBeGreaterThan(4)
  })

  it('is of one moment, whatever changes between its statements', async () => {
    const context = { store: database.store, viewer: admin }
    const asked = { targets: [target('web')], durationSeconds: 3_600 }
    const rule_ = (required: boolean, maximumDurationSeconds: number) => ({
      policyIds: [policyId],
      justificationRule: { required },
      setPorts: [{ port: 22, maximumDurationSeconds }],
    })
    const [{ id: policyId } = { id: '' }] = await rows<{ id: string }>(
      database.store,
      'select id from policies where vm_id = $1 and disabled_at is null',
      [vmId('web')],
    )
    const failing = ({ targets }: Awaited<ReturnType<typeof evaluate>>) =>
      targets.flatMap(({ ports }) =>
        ports.flatMap(({ constraints }) =>
          constraints.flatMap(({ satisfied, constraint }) => (satisfied ? [] : [constraint])),
        ),
      )
    const seen = new Set<string>()
    for (const number of await statementsOf(asked)) {
      await updatePolicy(context, rule_(false, 3_600))
      const store = watched(async (at) => {
        if (at === number) await updatePolicy(context, rule_(true, 1_800))
      })
      seen.add(failing(await evaluate(store, asked)).join(' '))
    }
    expect(seen).toEqual(new Set(['', 'DURATION JUSTIFICATION']))
  })

  it('takes as many statements for a hundred machines as for one', async () => {
    const one = await statementsOf({ targets: [target('m-0')] })
    // The clock, the machines, the lockdowns, the policies and their ports; and the commit.
    expect(one).toEqual([1, 2, 3, 4, 5, 6])
    expect(await statementsOf({ targets: many.map(target) })).toEqual(one)
  })

  const outsiders = [
    person('mallory'),
    ...roleNames.flatMap((role) => [
      person('mallory', role),
      person('mallory', role, otherGroup),
      person('mallory', role, `${group}2`),
    ]),
  ]
  it.each(outsiders.map((viewer) => ({ viewer, held: JSON.stringify(viewer.rolesHeld) })))(
    'is denied to whom the request is denied, who holds $held',
    async ({ viewer }) => {
      const { store } = database
      for (const breakGlass of [false, true]) {
        const asked = { targets: [target('web')], justification: 'down', breakGlass }
        const [evaluated] = (await evaluate(store, asked, viewer)).targets
        const requested = await requestAccess({ store, viewer }, asked)
        expect(evaluated?.userErrors).toEqual(requested.userErrors)
        expect(evaluated?.ports.map(({ permitted }) => permitted !== null)).toEqual([requested.requestId !== null])
        if (requested.requestId === null)
          expect(told(requested.userErrors)).toEqual([
            expect.stringMatching(/^NOT_(FOUND|PERMITTED) at targets.0.virtualMachine$/),
          ])
      }
    },
  )
})
