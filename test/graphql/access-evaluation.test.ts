import { beforeAll, describe, expect, it } from 'vitest'
import { actions } from '../../src/access/role.ts'
import { useDatabase } from '../support/database.ts'
import { operator, requester, vmId } from '../commands/support/estate.ts'
import { ask } from './support/ask.ts'
import { compare, idOf, inSeconds, NOW, target, writeGuarded } from './support/dry-run.ts'
import { story } from './support/stories.ts'

const database = useDatabase()
beforeAll(() => writeGuarded(database.store))

const failed = ({ constraints }: any) =>
  constraints.flatMap(({ satisfied, constraint }: any) => (satisfied ? [] : [constraint]))

describe('the dry run of a request', () => {
  it('is told by its document: every constraint, satisfied or not, what would pass, and what it would be like', async () => {
    const input = { targets: [target('web', 22, 23)], duration: 'PT2H', sources: ['203.0.113.7', '192.0.2.1'] }
    const { accessEvaluation } = await ask<any>(database.store, requester, story('evaluate-access'), { input })
    expect(accessEvaluation).toMatchObject({ state: null, userErrors: [], targets: [{ userErrors: [] }] })
    const [{ virtualMachine, ports }] = accessEvaluation.targets
    expect(virtualMachine).toEqual({ id: idOf('web'), name: 'web' })
    expect(ports).toMatchObject([
      { port: 22, permitted: false, permission: null },
      { port: 23, permitted: false, permission: null },
    ])
    const allowed = ['203.0.113.0/24', '198.51.100.0/24']
    const place = ['targets', '0', 'ports', '0']
    expect(ports[0].constraints).toMatchObject([
      { constraint: 'PORT', satisfied: true, allowed: ['22/TCP'], asked: '22', field: [...place, 'port'] },
      { constraint: 'PROTOCOL', satisfied: true, allowed: ['TCP'], asked: 'TCP', field: [...place, 'protocol'] },
      { constraint: 'SOURCE', satisfied: true, allowed, asked: '203.0.113.7/32', field: ['sources', '0'] },
      { constraint: 'SOURCE', satisfied: false, allowed, asked: '192.0.2.1/32', field: ['sources', '1'] },
      { constraint: 'DURATION', satisfied: false, allowed: ['PT1H'], asked: 'PT2H', field: ['duration'] },
      { constraint: 'JUSTIFICATION', satisfied: true, allowed: [], asked: '', field: ['justification'] },
      { constraint: 'TICKET', satisfied: true, allowed: [], asked: '', field: ['ticket', 'id'] },
    ])
    expect(failed(ports[1])).toEqual(['PORT'])
  })

  it('says what each grant would be like, and that all wait when one needs approval', async () => {
    const input = { targets: [target('watched', 22, 53), target('web')] }
    const { state, targets } = await compare(database.store, requester, input)
    expect(state).toBe('PENDING_APPROVAL')
    const plain = { protocol: 'TCP', approvalRule: null, past: [] }
    const byAnn = { approvalsNeeded: 1, approvers: [{ kind: 'USER', id: 'ann' }], decideWithin: 'PT24H' }
    expect(targets.map(({ ports }: any) => ports.map(({ permission }: any) => permission))).toEqual([
      [
        { ...plain, duration: 'PT3H', approvalRule: byAnn },
        { ...plain, duration: 'PT3H' },
      ],
      [{ ...plain, duration: 'PT1H' }],
    ])
    expect(targets[0].ports[0].constraints.at(-1)).toMatchObject({ constraint: 'APPROVAL', satisfied: true })
  })

  it.each([
    ['at once', {}, 'OPENING'],
    ['when it is to begin', { startsAt: inSeconds(60) }, 'SCHEDULED'],
    ['for less where an end is given', { endsAt: inSeconds(1_800) }, 'OPENING'],
  ])('says that what needs no approval would open %s', async (_when, window, state) => {
    const evaluated = await compare(database.store, requester, { targets: [target('db', 53)], ...window })
    expect(evaluated).toMatchObject({ state, targets: [{ ports: [{ permission: { protocol: 'ANY' } }] }] })
    const [{ ports }] = evaluated.targets
    expect(ports[0].permission.duration).toBe('endsAt' in window ? 'PT30M' : 'PT3H')
  })

  it('says what break-glass would go past, for whoever has the right to it', async () => {
    const emergency = { targets: [target('watched'), target('locked')], justification: 'down', breakGlass: true }
    const { state, targets } = await compare(database.store, operator, emergency)
    expect(state).toBe('OPENING')
    expect(targets.map(({ ports }: any) => ports[0].permission.past)).toEqual([['APPROVAL'], ['LOCKDOWN']])
    const denied = await compare(database.store, requester, emergency)
    expect(denied.targets.map(({ userErrors }: any) => userErrors[0])).toMatchObject([
      { code: 'NOT_PERMITTED', action: actions.breakGlass },
      { code: 'NOT_PERMITTED', action: actions.breakGlass },
    ])
  })

  it('says of each target what it is refused for apart from constraints, and leaves its ports unjudged', async () => {
    const names = ['locked', 'bare', 'ghost', 'nowhere']
    const { targets } = await compare(database.store, requester, { targets: names.map((name) => target(name)) })
    const since = { code: 'LOCKED_DOWN', scope: vmId('locked'), reason: 'a drill', since: NOW }
    const codes = [since, { code: 'CONFLICT' }, { code: 'CONFLICT' }, { code: 'NOT_FOUND' }]
    for (const [place, error] of codes.entries())
      expect(targets[place]).toMatchObject({
        ports: [{ port: 22, permitted: false, constraints: [] }],
        userErrors: [{ ...error, field: ['targets', String(place), 'virtualMachine'] }],
      })
  })

  it('refuses a port though every constraint is satisfied where it is named twice, or cannot be reached', async () => {
    const twice = await compare(database.store, requester, { targets: [target('db', 22, 22)] })
    expect(twice.targets[0]).toMatchObject({
      ports: [{ permitted: true }, { permitted: false }],
      userErrors: [{ code: 'INVALID_INPUT', field: ['targets', '0', 'ports', '1'] }],
    })
    const apart = await compare(database.store, requester, { targets: [target('six')] })
    expect(apart.targets[0]).toMatchObject({
      ports: [{ permitted: false }],
      userErrors: [{ code: 'CONFLICT', field: ['sources', '0'] }],
    })
    for (const port of [twice.targets[0].ports[1], apart.targets[0].ports[0]]) expect(failed(port)).toEqual([])
  })

  it('lists what a text has to be, and that nobody could approve', async () => {
    const strict = await compare(database.store, requester, { targets: [target('strict')], justification: 'because' })
    const rule = { satisfied: false, allowed: ['INC-\\d+.*'] }
    expect(strict.targets[0].ports[0].constraints.slice(-2)).toMatchObject([
      { ...rule, constraint: 'JUSTIFICATION', asked: 'because' },
      { ...rule, constraint: 'TICKET', asked: '' },
    ])
    const alone = await compare(database.store, requester, { targets: [target('alone')] })
    expect(failed(alone.targets[0].ports[0])).toEqual(['APPROVAL'])
  })
})
