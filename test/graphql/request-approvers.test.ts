import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { isApprover, type Approver } from '../../src/access/approval.ts'
import { actions, roleNames } from '../../src/access/role.ts'
import { may, type RoleHeld, type Viewer } from '../../src/access/viewer.ts'
import { decideRequest } from '../../src/commands/decide-request.ts'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { requestAccess } from '../../src/commands/request-access.ts'
import { globalId } from '../../src/graphql/global-id.ts'
import { byRole, inGroup, user } from '../commands/support/approvals.ts'
import { admin, group, home, otherGroup, person, requester, vmId, writeMachines } from '../commands/support/estate.ts'
import { useDatabase } from '../support/database.ts'
import { ask } from './support/ask.ts'

const database = useDatabase()

/** Machines of two resource groups, each with other approvers; what is asked of `free` needs none. */
const machines: Record<string, { readonly id: string; readonly approvers: readonly Approver[] }> = {
  named: { id: vmId('named'), approvers: [user('ann'), user('bob')] },
  grouped: { id: vmId('grouped'), approvers: [inGroup('on-call'), { kind: 'APP_ROLE', id: 'Approver' }] },
  ruled: { id: vmId('ruled'), approvers: [byRole] },
  vault: { id: vmId('vault', otherGroup), approvers: [byRole, user('ann')] },
  free: { id: vmId('free'), approvers: [] },
}
const names = Object.keys(machines)

interface Asked {
  readonly id: string
  readonly requester: string
  /** The machines it asked for, and whether each waits for an approval still. */
  readonly vms: ReadonlyMap<string, boolean>
  readonly deciders: readonly string[]
}
const requests: Asked[] = []

beforeAll(async () => {
  const { store } = database
  await writeMachines(
    store,
    names.filter((name) => name !== 'vault'),
  )
  await writeMachines(store, ['vault'], { group: otherGroup })
  for (const { id, approvers } of Object.values(machines)) {
    const approvalsNeeded = approvers.length === 0 ? 0 : 1
    await enableJit(
      { store, viewer: admin },
      { vmIds: [id], ports: [{ port: 22 }], approvalRule: { approvalsNeeded, approvers } },
    )
  }
  const askFor = async (who: Viewer, all: readonly string[], ...deciders: readonly Viewer[]) => {
    const targets = all.map((name) => ({ vmId: machines[name]?.id ?? '', ports: [{ port: 22 }] }))
    const { requestId } = await requestAccess(
      { store, viewer: who },
      { targets, sources: [home], durationSeconds: 600 },
    )
    if (requestId === null) throw new Error('nothing was permitted')
    for (const viewer of deciders) await decideRequest({ store, viewer }, { requestId }, 'APPROVED')
    const left = await store.pool.query<{ vm_id: string }>(
      'select vm_id from awaited_approvals where request_id = $1',
      [requestId],
    )
    const waits = new Set(left.rows.map((row) => row.vm_id))
    const vms = new Map(targets.map((target) => [target.vmId, waits.has(target.vmId)]))
    requests.push({ id: requestId, requester: who.actor.id, vms, deciders: deciders.map(({ actor }) => actor.id) })
  }
  const ann = person('ann', 'REQUESTER')
  for (const name of names) await askFor(requester, [name])
  await askFor(requester, ['named', 'vault'], ann)
  await askFor(requester, ['named', 'grouped', 'vault'], ann)
  await askFor(requester, ['ruled', 'free'])
  await askFor(ann, ['named', 'ruled'])
  await askFor({ ...requester, actor: { kind: 'PERSON', id: 'gil', name: 'gil' } }, ['grouped'])
  await askFor(requester, ['named'], person('bob'))
})

const scopes = ['/', group, otherGroup, ...Object.values(machines).map(({ id }) => id)]
const viewers: fc.Arbitrary<Viewer> = fc.record({
  actor: fc.constantFrom('ann', 'bob', 'rob', 'gil', 'eve').map((id) => ({ kind: 'PERSON' as const, id, name: id })),
  groups: fc.subarray(['on-call', 'others']),
  appRoles: fc.subarray(['Approver', 'Other']),
  rolesHeld: fc.array(
    fc.record({ role: fc.constantFrom(...roleNames), scope: fc.constantFrom(...scopes) }) as fc.Arbitrary<RoleHeld>,
    { maxLength: 2 },
  ),
  address: fc.constant(null),
})

const document = `{
  all: requests(first: 100) { totalCount nodes { id viewerCanDecide ports(first: 100) { nodes { virtualMachineResourceId awaitsViewer } } } }
  awaiting: requests(first: 100, filter: { awaitingMe: true }) { totalCount nodes { id } }
  grants(first: 100) { nodes { request { id } virtualMachine { id } } }
}`

/** What a viewer may see and decide, judged in code: the same judgement as that of the verbs. */
function judged(viewer: Viewer, { requester: who, vms, deciders }: Asked) {
  const approversOf = (vm: string) => Object.values(machines).find(({ id }) => id === vm)?.approvers ?? []
  const own = who === viewer.actor.id
  const decided = deciders.includes(viewer.actor.id)
  const ports = [...vms].map(([vm, waits]) => {
    const awaits = waits && !own && isApprover(viewer, approversOf(vm), vm)
    const decidedOn = decided && isApprover(viewer, approversOf(vm), vm)
    return { vm, awaits, seen: own || awaits || decidedOn || may(viewer, actions.readGrant, vm) }
  })
  return {
    seen: decided || ports.some(({ seen }) => seen),
    awaits: !decided && ports.some(({ awaits }) => awaits),
    ports: ports
      .filter(({ seen }) => seen)
      .map(({ vm, awaits }) => `${vm} ${String(awaits)}`)
      .toSorted(),
  }
}

describe('whoever asks', () => {
  it('is shown the requests that are theirs, to be seen by a role, or to be decided, and of these the ports', async () => {
    let awaiting = 0
    await fc.assert(
      fc.asyncProperty(viewers, async (viewer) => {
        const shown = await ask<any>(database.store, viewer, document)
        const expected = requests.map((one) => ({
          id: globalId('Request', one.id),
          decidedBy: one.deciders,
          ...judged(viewer, one),
        }))
        const ids = (some: typeof expected) => some.map(({ id }) => id).toSorted()
        const seen = expected.filter((one) => one.seen)
        const waits = expected.filter((one) => one.awaits)
        awaiting += waits.length
        expect(shown.all.nodes.map((node: any) => node.id).toSorted()).toEqual(ids(seen))
        expect(shown.all.totalCount).toBe(seen.length)
        expect(shown.awaiting.nodes.map((node: any) => node.id).toSorted()).toEqual(ids(waits))
        expect(shown.awaiting.totalCount).toBe(waits.length)
        for (const node of shown.all.nodes) {
          const one = seen.find(({ id }) => id === node.id)
          expect(node.viewerCanDecide).toBe(one?.awaits)
          // A decision is remembered for the grants that it counted for, whoever is an approver of them by now.
          if (one?.decidedBy.includes(viewer.actor.id) === true) continue
          const ports = node.ports.nodes.map(
            (port: any) => `${port.virtualMachineResourceId} ${String(port.awaitsViewer)}`,
          )
          expect(ports.toSorted()).toEqual(one?.ports)
        }
      }),
      { numRuns: 150 },
    )
    expect(awaiting).toBeGreaterThan(50)
  })

  it('and decided on a request keeps seeing it, and what they decided on, without any role', async () => {
    const bob = person('bob')
    const query = `{ requests(first: 100) { nodes { status decisions { actor { id } verdict } ports { nodes { virtualMachineName state } } } } }`
    const { requests: shown } = await ask<any>(database.store, bob, query)
    expect(shown.nodes).toContainEqual({
      status: 'APPROVED',
      decisions: [{ actor: { id: 'bob' }, verdict: 'APPROVED' }],
      ports: { nodes: [{ virtualMachineName: 'named', state: 'OPENING' }] },
    })
  })
})

describe('what waits for somebody', () => {
  it('is found by what waits, not by all that was ever asked for', async () => {
    const { pool } = database.store
    await pool.query(`
      with made as (
        insert into requests (id, requester_kind, requester_id, requester_name, status, requested_at, decided_at)
        select gen_random_uuid(), 'PERSON', 'r' || n % 500, 'R', 'APPROVED', gateway_now(), gateway_now()
        from generate_series(1, 20000) n returning id, requester_id
      )
      insert into grants (id, request_id, vm_id, account_id, resource_group_id, requester_id, requester_name, port, protocol,
        sources, state, requested_at, duration_seconds, open_by, latest_end, end_reason)
      select gen_random_uuid(), m.id, v.id, v.account_id, v.resource_group_id, m.requester_id, 'R', 22, 'TCP', '{}', 'CLOSED',
        gateway_now(), 600, gateway_now(), gateway_now(), 'TIME_UP'
      from made m join virtual_machines v on v.name = 'named'`)
    await pool.query('analyze')
    const statements: { text: string; values: unknown[] }[] = []
    const watched = new Proxy(pool, {
      get: (target, name) =>
        name !== 'query'
          ? Reflect.get(target, name, target)
          : (asked: { text: string; values: unknown[] }) => {
              statements.push(asked)
              return target.query(asked)
            },
    })
    const mostRead = async (viewer: Viewer, query: string) => {
      statements.length = 0
      const { requests: shown } = await ask<any>({ ...database.store, pool: watched }, viewer, query)
      expect(shown.nodes.length).toBeGreaterThan(0)
      const [statement] = statements
      const { rows } = await pool.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>({
        text: `explain (analyze, format json) ${statement?.text ?? ''}`,
        values: statement?.values ?? [],
      })
      return mostRows(rows[0]?.['QUERY PLAN'][0].Plan as Plan)
    }
    const waits = '{ requests(first: 20, filter: { awaitingMe: true }) { totalCount nodes { id } } }'
    const onCall = { ...person('gil'), groups: ['on-call'] }
    for (const viewer of [person('ann'), person('pat', 'POLICY_ADMIN', group), onCall])
      expect(await mostRead(viewer, waits)).toBeLessThan(200)
    // Nor does it cost those who only look for their own.
    const mine = '{ requests(first: 20, filter: { mine: true }) { nodes { id } } }'
    expect(await mostRead(person('r7', 'REQUESTER'), mine)).toBeLessThan(200)
  })
})

interface Plan {
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly Plan[]
}

/** The most rows that any step of a plan went through. */
function mostRows(plan: Plan): number {
  const own = (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops']
  return Math.max(own, ...(plan.Plans ?? []).map(mostRows))
}
