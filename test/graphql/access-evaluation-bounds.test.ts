import { beforeAll, describe, expect, it } from 'vitest'
import { actions } from '../../src/access/role.ts'
import { group, person, reader, requester, stranger, vmId } from '../commands/support/estate.ts'
import { everything } from '../commands/support/look.ts'
import { useDatabase } from '../support/database.ts'
import { ask } from './support/ask.ts'
import { compare, evaluate, inSeconds, target, writeGuarded } from './support/dry-run.ts'
import { story } from './support/stories.ts'

const database = useDatabase()
beforeAll(() => writeGuarded(database.store))

const many = (count: number) => Array.from({ length: count }, (_, index) => index)
const bad: [string, object, string][] = [
  ['no targets', { targets: [] }, 'INVALID_INPUT at targets'],
  ['101 targets', { targets: many(101).map((n) => target(`m-${n}`)) }, 'LIMIT_EXCEEDED at targets'],
  ['501 ports', { targets: [target('web', ...many(501))] }, 'LIMIT_EXCEEDED at targets'],
  ['a machine named twice', { targets: [target('web'), target('web')] }, 'INVALID_INPUT at targets.1.virtualMachine'],
  ['an empty list of sources', { sources: [] }, 'INVALID_INPUT at sources'],
  ['host bits', { sources: ['203.0.113.7/24'] }, 'INVALID_INPUT at sources.0'],
  ['nine seconds', { duration: 'PT9S' }, 'INVALID_INPUT at duration'],
  ['a duration and an end', { duration: 'PT1H', endsAt: inSeconds(60) }, 'INVALID_INPUT at endsAt'],
  ['an end that has passed', { endsAt: inSeconds(-1) }, 'INVALID_INPUT at endsAt'],
  ['a beginning that has passed', { startsAt: inSeconds(-1) }, 'INVALID_INPUT at startsAt'],
  ['a long justification', { justification: 'x'.repeat(1_001) }, 'LIMIT_EXCEEDED at justification'],
  ['a ticket without an id', { ticket: { id: ' ' } }, 'INVALID_INPUT at ticket.id'],
  ['break-glass without a word', { breakGlass: true }, 'INVALID_INPUT at justification'],
  ['a zero character', { justification: 'a\u0000b' }, 'INVALID_INPUT at justification'],
]

describe('what a request would be refused for as a whole', () => {
  it.each(bad)('is told of %s, as by the request', async (_what, input, error) => {
    const evaluated = await compare(database.store, requester, { targets: [target('web')], ...input })
    expect(evaluated).toMatchObject({ state: null, targets: [] })
    expect(evaluated.userErrors.map(({ code, field }: any) => `${code} at ${field.join('.')}`)).toEqual([error])
  })

  it('is told of an address that cannot be told', async () => {
    const evaluated = await compare(database.store, person('rob', 'REQUESTER', '/', null), { targets: [target('web')] })
    expect(evaluated.userErrors).toMatchObject([{ code: 'INVALID_INPUT', field: ['sources'] }])
  })
})

describe('a viewer who may not ask', () => {
  it('is told what the request would tell, and nothing of the policy', async () => {
    const { targets } = await compare(database.store, reader, { targets: [target('web')] })
    expect(targets).toMatchObject([
      {
        virtualMachine: { name: 'web' },
        ports: [{ permitted: false, constraints: [] }],
        userErrors: [{ code: 'NOT_PERMITTED', action: actions.requestAccess }],
      },
    ])
  })

  it('cannot tell a machine that is there from one that is not', async () => {
    for (const viewer of [stranger, person('vic', 'REQUESTER', vmId('db')), person('vic', 'REQUESTER', `${group}2`)])
      for (const breakGlass of [false, true]) {
        const evaluateOne = (name: string) =>
          evaluate(database.store, viewer, { targets: [target(name)], justification: 'down', breakGlass })
        const answer = await evaluateOne('web')
        expect(answer.targets).toMatchObject([{ virtualMachine: null, userErrors: [{ code: 'NOT_FOUND' }] }])
        for (const other of ['nowhere', 'locked', 'bare', 'ghost']) expect(await evaluateOne(other)).toEqual(answer)
      }
  })
})

describe('what it costs', () => {
  const document = story('evaluate-access')
  const of = (ports: number, sources: number) => ({
    targets: [target('web', ...many(ports).map((n) => n + 1))],
    sources: many(sources).map((n) => `10.0.${n}.0/24`),
  })

  it('lets the largest request be evaluated from one source, and fewer ports from more', async () => {
    const before = await everything(database.store)
    for (const [ports, sources] of [
      [500, 1],
      [60, 50],
    ] as const) {
      const { accessEvaluation } = await ask<any>(database.store, requester, document, { input: of(ports, sources) })
      expect(accessEvaluation.targets[0].ports).toHaveLength(ports)
    }
    await expect(ask(database.store, requester, document, { input: of(500, 50) })).rejects.toThrow(/may cost/)
    // Each port answers for each constraint.
    const fields = many(16).map((n) => `c${n}: constraint`)
    const wide = `query ($input: AccessEvaluationInput!) { accessEvaluation(input: $input) {
      targets { ports { constraints { ${fields.join(' ')} } } } } }`
    await expect(ask(database.store, requester, wide, { input: of(500, 1) })).rejects.toThrow(/may cost/)
    // What is selected is the smaller part of it.
    const little = `query ($input: AccessEvaluationInput!) { a: accessEvaluation(input: $input) { state }
      b: accessEvaluation(input: $input) { state } }`
    await expect(ask(database.store, requester, little, { input: of(500, 50) })).rejects.toThrow(/may cost/)
    expect(await everything(database.store)).toEqual(before)
  })
})
