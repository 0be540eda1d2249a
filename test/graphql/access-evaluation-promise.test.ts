import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { useDatabase } from '../support/database.ts'
import { admin, operator, person, reader, requester, stranger, vmId } from '../commands/support/estate.ts'
import { compare, idOf, inSeconds, named, target, writeGuarded } from './support/dry-run.ts'

const database = useDatabase()
beforeAll(() => writeGuarded(database.store))

const anywhere = [requester, requester, operator, operator, admin]
/** Viewers who may ask everywhere, somewhere, past what others may not, or nowhere. */
const viewers = [
  ...anywhere,
  person('vic', 'REQUESTER', vmId('web')),
  person('olaf', 'OPERATOR', vmId('locked')),
  person('rob', 'REQUESTER', '/', null),
  reader,
  stranger,
]

const oneOf = <Value>(...values: readonly Value[]) => fc.constantFrom(...values)
/** Null as often as not, unless told how much more often. */
const orNull = <Value>(drawn: fc.Arbitrary<Value>, nulls = 1) =>
  fc.oneof({ weight: nulls, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: drawn })

const port = oneOf(22, 22, 22, 22, 53, 53, 53, 8125, 23, 0)
const drawnTarget = fc.record({
  virtualMachine: oneOf(...named.map(idOf), ...named.slice(0, 4).map(idOf), 'no id of anything'),
  ports: fc.array(fc.record({ port, protocol: orNull(oneOf('TCP', 'UDP', 'ANY'), 3) }), { maxLength: 3 }),
})
const asked = fc.record({
  targets: fc.uniqueArray(drawnTarget, {
    minLength: 1,
    maxLength: 5,
    selector: ({ virtualMachine }) => virtualMachine,
  }),
  sources: orNull(
    fc.uniqueArray(oneOf('203.0.113.7', '198.51.100.0/26', '192.0.2.1', 'fd00::/64'), { minLength: 1 }),
    3,
  ),
  window: oneOf({}, {}, { duration: 'PT10M' }, { duration: 'PT2H' }, { endsAt: inSeconds(4_000) }),
  startsAt: orNull(oneOf(60, 3_600).map(inSeconds), 3),
  justification: orNull(oneOf('INC-1: the site is down', 'because')),
  ticket: orNull(oneOf({ id: 'INC-1' }, { id: 'INC-2', system: 'desk' }, { id: 'CHG-1' })),
  breakGlass: orNull(fc.boolean(), 3),
})
/** What the whole is refused for, put in place of what was drawn: now and then. */
const fault = orNull(
  oneOf<object>(
    { targets: [] },
    { targets: ['web', 'db', 'web'].map((name) => target(name)) },
    { sources: ['203.0.113.7', 'office', '203.0.113.0/24'] },
    { duration: 'PT9S', justification: 'x'.repeat(1_001) },
    { duration: 'PT10M', endsAt: inSeconds(600) },
    { endsAt: inSeconds(-1), ticket: { id: ' ' } },
    { startsAt: inSeconds(2_592_001) },
  ),
  7,
)
const input = fc
  .tuple(asked, fault)
  .map(([{ window, ...drawn }, wrong]): Readonly<Record<string, unknown>> => ({ ...drawn, ...window, ...wrong }))

/** One of each state, so that none is left to chance. */
const ofOne = (name: string) => ({ targets: [target(name)] })
const examples: [number, Readonly<Record<string, unknown>>][] = [
  [0, ofOne('web')],
  [0, { ...ofOne('web'), startsAt: inSeconds(60) }],
  [0, ofOne('watched')],
]

describe('whatever is asked for, and whoever asks', () => {
  it(
    'is granted and refused as the dry run said, when it is asked for right afterwards',
    { timeout: 120_000 },
    async () => {
      const states = new Set<string | null>()
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: viewers.length - 1 }), input, async (as, given) => {
          const { state } = await compare(database.store, viewers[as] ?? stranger, given)
          states.add(state)
        }),
        { numRuns: 250, examples },
      )
      expect(states).toEqual(new Set(['OPENING', 'SCHEDULED', 'PENDING_APPROVAL', null]))
    },
  )
})
