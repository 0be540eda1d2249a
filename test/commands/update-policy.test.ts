import { describe, expect, it } from 'vitest'
import type { PortInput } from '../../src/access/policy.ts'
import { disableJit } from '../../src/commands/disable-jit.ts'
import { requestAccess } from '../../src/commands/request-access.ts'
import { updatePolicy, type UpdatePolicyInput } from '../../src/commands/update-policy.ts'
import { useDatabase } from '../support/database.ts'
import {
  admin,
  boundaryId,
  grantTo,
  home,
  nobody,
  person,
  protect,
  reader,
  requester,
  stranger,
  vmId,
} from './support/estate.ts'
import { beginByHand, refuseWrites, waiting } from './support/interleave.ts'
import { dueOf, endOfLog, everything, factsAfter, grantOf, rows, storyOf, told } from './support/look.ts'

const database = useDatabase()
const update = (input: UpdatePolicyInput, viewer = admin) => updatePolicy({ store: database.store, viewer }, input)
const tcp = (port: number) => ({ port, protocol: 'TCP' }) as const

async function policyOf(id: string) {
  const [policy] = await rows<{ version: number; ports: string[] }>(
    database.store,
    `select version, array(select port || '/' || protocol || ' ' || maximum_duration_seconds from policy_ports
       where policy_id = id order by port, protocol) as ports from policies where id = $1`,
    [id],
  )
  return policy
}

const oneOf = ({ results }: Awaited<ReturnType<typeof update>>) => told(results[0]?.userErrors ?? [])

describe('updating a policy', () => {
  it('adds, replaces and removes the ports that are named, leaves the others, and counts the version', async () => {
    const id = await protect(database.store, 'web', [{ port: 22 }, { port: 80 }, { port: 443 }], { boundary: 'web' })
    const [end, due] = [await endOfLog(database.store), await dueOf(database.store, boundaryId('web'))]
    const setPorts: PortInput[] = [{ port: 22, maximumDurationSeconds: 600 }, { port: 8443 }]
    const answer = await update({ policyIds: [id], setPorts, removePorts: [tcp(443)] })
    expect(answer).toEqual({ results: [{ vmId: vmId('web'), policyId: id, userErrors: [] }], userErrors: [] })
    const ports = ['22/TCP 600', '80/TCP 10800', '8443/TCP 10800']
    expect(await policyOf(id)).toEqual({ version: 2, ports })
    expect(await factsAfter(database.store, end)).toMatchObject([
      {
        kind: 'PolicyUpdated',
        actor_id: 'ada',
        policy_id: id,
        vm_id: vmId('web'),
        detail: { version: 2, ports: [{ port: 22, maximumDurationSeconds: 600 }, { port: 80 }, { port: 8443 }] },
      },
    ])
    expect(await dueOf(database.store, boundaryId('web'))).toEqual({ times: due.times + 1, urgent: false })
  })

  it('replaces ANY by a single protocol in one call, and refuses the one beside the other', async () => {
    const id = await protect(database.store, 'dns', [{ port: 22 }, { port: 53, protocol: 'ANY' }])
    const beside = await update({ policyIds: [id], setPorts: [{ port: 80 }, { port: 53, protocol: 'UDP' }] })
    expect(oneOf(beside)).toEqual(['CONFLICT at setPorts.1'])
    const above = await update({ policyIds: [id], setPorts: [{ port: 80 }, { port: 22, protocol: 'ANY' }] })
    expect(oneOf(above)).toEqual(['CONFLICT at setPorts.1'])
    expect(await policyOf(id)).toMatchObject({ version: 1 })
    const instead = { setPorts: [{ port: 53, protocol: 'UDP' }], removePorts: [{ port: 53, protocol: 'ANY' }] } as const
    expect(oneOf(await update({ policyIds: [id], ...instead }))).toEqual([])
    expect((await policyOf(id))?.ports).toEqual(['22/TCP 10800', '53/UDP 10800'])
  })

  it('ends the live grants of ports that are no longer protected, and no others', async () => {
    const id = await protect(database.store, 'busy', [{ port: 22 }, { port: 53, protocol: 'ANY' }], {
      boundary: 'busy',
    })
    const ssh = await grantTo(database.store, requester, 'busy', 22)
    const targets = [
      {
        vmId: vmId('busy'),
        ports: [
          { port: 53, protocol: 'UDP' },
          { port: 53, protocol: 'TCP' },
        ] as const,
      },
    ]
    const { grantIds } = await requestAccess({ store: database.store, viewer: requester }, { targets, sources: [home] })
    const [udp = '', overTcp = ''] = grantIds
    const sshBefore = await grantOf(database.store, ssh)

    await update({
      policyIds: [id],
      setPorts: [
        { port: 22, maximumDurationSeconds: 300, allowedSources: ['192.0.2.0/24'] },
        { port: 53, protocol: 'UDP' },
      ],
      removePorts: [{ port: 53, protocol: 'ANY' }],
    })
    expect(await grantOf(database.store, ssh)).toEqual(sshBefore)
    expect(await grantOf(database.store, udp)).toMatchObject({ state: 'OPENING' })
    expect(await grantOf(database.store, overTcp)).toMatchObject({
      state: 'CLOSING',
      end_reason: 'POLICY_CHANGED',
      ended_by_id: 'ada',
    })
    expect(await storyOf(database.store, overTcp)).toEqual(['GrantOpening', 'GrantClosing'])
    expect(await dueOf(database.store, boundaryId('busy'))).toMatchObject({ urgent: true })
  })

  it('changes many policies in one call and says of each other one why not', async () => {
    const [good, more] = [await protect(database.store, 'good'), await protect(database.store, 'more')]
    const disabled = await protect(database.store, 'disabled')
    await disableJit({ store: database.store, viewer: admin }, { vmIds: [vmId('disabled')] })
    const { results } = await update({ policyIds: [good, disabled, nobody, more], setPorts: [{ port: 23 }] })
    expect(results.map(({ userErrors }) => told(userErrors))).toEqual([
      [],
      ['CONFLICT at policyIds.1'],
      ['NOT_FOUND at policyIds.2'],
      [],
    ])
    expect(results.map(({ vmId: vm }) => vm)).toEqual([vmId('good'), vmId('disabled'), null, vmId('more')])
    expect([await policyOf(good), await policyOf(more)]).toMatchObject([{ version: 2 }, { version: 2 }])
    expect(await policyOf(disabled)).toMatchObject({ version: 1, ports: ['22/TCP 10800'] })
  })

  it('leaves at least one port, removes only what is there, and holds at most fifty', async () => {
    const id = await protect(database.store, 'small')
    expect(oneOf(await update({ policyIds: [id], removePorts: [tcp(22)] }))).toEqual(['CONFLICT at removePorts'])
    const absent = { policyIds: [id], removePorts: [tcp(22), { port: 22, protocol: 'UDP' }] } as const
    expect(oneOf(await update(absent))).toEqual(['CONFLICT at removePorts.1'])
    const fifty = Array.from({ length: 50 }, (_, index) => ({ port: 1_000 + index }))
    expect(oneOf(await update({ policyIds: [id], setPorts: fifty }))).toEqual(['LIMIT_EXCEEDED at setPorts'])
    expect(await policyOf(id)).toEqual({ version: 1, ports: ['22/TCP 10800'] })
    expect(oneOf(await update({ policyIds: [id], setPorts: fifty, removePorts: [tcp(22)] }))).toEqual([])
  })

  it('is refused to whoever may not, and a policy that is not theirs to see looks like none', async () => {
    const id = await protect(database.store, 'private')
    const [seen] = (await update({ policyIds: [id], setPorts: [{ port: 1 }] }, reader)).results
    expect(seen).toMatchObject({ vmId: vmId('private'), policyId: null, userErrors: [{ code: 'NOT_PERMITTED' }] })
    const elsewhere = person('eve', 'POLICY_ADMIN', vmId('public'))
    for (const viewer of [stranger, elsewhere]) {
      const answers = [id, nobody].map((policyId) => update({ policyIds: [policyId], setPorts: [{ port: 1 }] }, viewer))
      const [hidden, missing] = await Promise.all(answers)
      expect(hidden).toMatchObject({ results: [{ vmId: null, userErrors: [{ code: 'NOT_FOUND' }] }] })
      expect(hidden).toEqual(missing)
    }
  })

  it('holds up nobody when whoever asks may not', async () => {
    const id = await protect(database.store, 'held')
    const byHand = await beginByHand(database.store)
    await byHand.query('select 1 from policies where id = $1 for update', [id])
    expect(oneOf(await update({ policyIds: [id], setPorts: [{ port: 1 }] }, reader))).toEqual([
      'NOT_PERMITTED at policyIds.0',
    ])
  })

  it('writes nothing when its last statement fails', async () => {
    const id = await protect(database.store, 'torn')
    await grantTo(database.store, requester, 'torn')
    const before = await everything(database.store)
    await refuseWrites(database.store, 'boundary_reconciles', 'update')
    await expect(update({ policyIds: [id], setPorts: [{ port: 1 }], removePorts: [tcp(22)] })).rejects.toThrow()
    expect(await everything(database.store)).toEqual(before)
  })
})

const set = [{ port: 22 }]
const refused: [string, UpdatePolicyInput, string[]][] = [
  ['nothing to change', { policyIds: [nobody], setPorts: [], removePorts: null }, ['INVALID_INPUT']],
  ['no policy', { policyIds: [], setPorts: set }, ['INVALID_INPUT at policyIds']],
  ['a policy named twice', { policyIds: [nobody, nobody], setPorts: set }, ['INVALID_INPUT at policyIds']],
  ['501 policies', { policyIds: Array.from({ length: 501 }, String), setPorts: set }, ['LIMIT_EXCEEDED at policyIds']],
  [
    'ports that are none, or last too long',
    { policyIds: [nobody], setPorts: [{ port: 0 }, { port: 1, maximumDurationSeconds: 86_401 }] },
    ['INVALID_INPUT at setPorts.0.port', 'INVALID_INPUT at setPorts.1.maximumDuration'],
  ],
  [
    'a port to set and to remove, and one to remove twice',
    { policyIds: [nobody], setPorts: set, removePorts: [tcp(80), tcp(22), tcp(80)] },
    ['INVALID_INPUT at removePorts.1', 'INVALID_INPUT at removePorts.2'],
  ],
  [
    '51 ports to remove',
    { policyIds: [nobody], removePorts: Array.from({ length: 51 }, (_, index) => tcp(index + 1)) },
    ['LIMIT_EXCEEDED at removePorts'],
  ],
]

describe('updating policies is refused as a whole for', () => {
  it.each(refused)('%s', async (_what, input, errors) => {
    const answer = await update(input)
    expect(answer.results).toEqual([])
    expect(told(answer.userErrors)).toEqual(errors)
  })
})

describe('updating a policy while something else happens to it', () => {
  it('keeps both changes when two are made at the same time', async () => {
    const id = await protect(database.store, 'both')
    const byHand = await beginByHand(database.store)
    await byHand.query('select 1 from policies where id = $1 for update', [id])
    const changes = [
      update({ policyIds: [id], setPorts: [{ port: 80 }] }),
      update({ policyIds: [id], setPorts: [{ port: 443 }], removePorts: [tcp(22)] }),
    ]
    await waiting(database.store, 2)
    await byHand.query('commit')
    await Promise.all(changes)
    expect(await policyOf(id)).toEqual({ version: 3, ports: ['80/TCP 10800', '443/TCP 10800'] })
  })

  it('is refused when the policy is disabled meanwhile', async () => {
    const id = await protect(database.store, 'gone')
    const byHand = await beginByHand(database.store)
    await byHand.query('update policies set disabled_at = gateway_now() where id = $1', [id])
    const change = update({ policyIds: [id], setPorts: [{ port: 80 }] })
    await waiting(database.store)
    await byHand.query('commit')
    expect(oneOf(await change)).toEqual(['CONFLICT at policyIds.0'])
  })

  it('ends the grant of a request that was decided a moment before', async () => {
    const id = await protect(database.store, 'moment', [{ port: 22 }, { port: 23 }])
    const byHand = await beginByHand(database.store)
    await byHand.query('lock table requests in share mode')
    const asked = grantTo(database.store, requester, 'moment')
    await waiting(database.store)
    const change = update({ policyIds: [id], removePorts: [tcp(22)] })
    await waiting(database.store, 2)
    await byHand.query('commit')
    await change
    expect(await grantOf(database.store, await asked)).toMatchObject({ state: 'CLOSING', end_reason: 'POLICY_CHANGED' })
  })

  it('waits for whoever ends one of its grants, without either giving up', async () => {
    const names = ['path-1', 'path-2']
    const policyIds: string[] = []
    for (const name of names) policyIds.push(await protect(database.store, name, [{ port: 22 }, { port: 23 }]))
    const grantIds: string[] = []
    for (const name of names) grantIds.push(await grantTo(database.store, requester, name))
    const byHand = await beginByHand(database.store)
    await byHand.query('select 1 from grants where id = $1 for no key update', [grantIds[1]])
    const change = update({ policyIds, removePorts: [tcp(22)] })
    await waiting(database.store)
    await byHand.query('update boundary_reconciles set generation = generation + 1 where boundary_id = $1', [
      boundaryId('front'),
    ])
    await byHand.query('commit')
    expect((await change).results.flatMap(({ userErrors }) => userErrors)).toEqual([])
  })
})
