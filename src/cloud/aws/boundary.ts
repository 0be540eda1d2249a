import { pause, type Clock } from '../../time/clock.ts'
import { isOurs, type RuleChanges } from '../../firewall/rule.ts'
import { noGroupChanges } from '../../firewall/security-group/changes.ts'
import { ourName, type GroupRule } from '../../firewall/security-group/group-rule.ts'
import { CloudError } from '../error.ts'
import type { Applied, Cloud } from '../port.ts'
import { untilAborted } from '../until-aborted.ts'
import type { Ec2 } from './client.ts'
import { foreignRules } from './foreign-rules.ts'
import { gathering } from './gather.ts'
import { createLag } from './lag.ts'
import type { Lists } from './list.ts'
import { OUR_TAG } from './our-group.ts'
import { readInterfacePath, type InterfacePlace } from './place.ts'
import { readInterfaces } from './read-interfaces.ts'
import { observationOf, type SeenInterface } from './seen.ts'
import { goneInterface, wardrobe } from './wear.ts'
import { ruleWriter, specOf, type RuleSpec } from './write-rules.ts'

/** How long a reading that lags behind our own write is waited for, from look to look, in milliseconds. */
const [FIRST_WAIT_MS, MOST_WAIT_MS] = [100, 1_000]

/** Reading and writing of the security groups of network interfaces. Readings that are wanted together are made together. */
export function interfaceGroups(
  ec2: Ec2,
  lists: Lists,
  clock: Clock,
): Required<Pick<Cloud, 'observe' | 'apply' | 'rest'>> {
  const read = gathering(clock, async (_, wanted: readonly InterfacePlace[]) => {
    const [place] = wanted
    return place === undefined ? new Map<string, SeenInterface>() : readInterfaces(lists, place, wanted)
  })
  const rules = ruleWriter(ec2)
  const groups = wardrobe(ec2, lists, rules)
  const foreign = foreignRules(lists, rules)
  const lag = createLag(clock)

  const readOnce = async (place: InterfacePlace, signal: AbortSignal | undefined): Promise<SeenInterface> => {
    const reading = read(`${place.accountId} ${place.region}`, place)
    const seen = await (signal === undefined ? reading : untilAborted(reading, signal)).catch((error: unknown) => {
      if (error instanceof CloudError) throw error
      throw new CloudError('UNAVAILABLE', 'Aborted', `The call to EC2 in ${place.region} was given up.`)
    })
    const found = seen.get(place.interfaceId)
    if (found === undefined) throw goneInterface(place)
    return found
  }

  return {
    async observe(boundaryId, signal) {
      const place = readInterfacePath(boundaryId)
      for (let wait = FIRST_WAIT_MS; ; wait *= 2) {
        const seen = await readOnce(place, signal)
        if (wait > MOST_WAIT_MS || !lag.lags(seen)) return observationOf(seen)
        await pause(clock, wait, signal)
      }
    },
    rest(boundaryId) {
      const nothing = { groupIds: null, instanceId: null, ourGroupId: null, strangers: [], egressIds: [], rules: [] }
      return observationOf({ place: readInterfacePath(boundaryId), ...nothing })
    },
    /**
     * What closes goes first. EC2 has no write that names what it builds on: rules go by their ids, those that stand
     * already are refused as a conflict, and what the interface wears is read again before it is changed.
     */
    async apply(observation, changes, signal): Promise<Applied> {
      const seen = observation.raw as SeenInterface
      const { place, ourGroupId } = seen
      const { ours, take, giveBack } = changes.groups ?? noGroupChanges
      const { removeIds, unseen, fresh, again } = writesOf(seen, changes)
      let correlationId: string | null = null
      const note = async (written: Promise<string | null>) => {
        correlationId = (await written) ?? correlationId
      }
      if (ourGroupId !== null) {
        await note(rules.revoke(place, ourGroupId, removeIds, signal))
        await note(rules.revokeAdmitted(place, ourGroupId, unseen, false, signal))
      }
      const left = [...(await foreign.take(seen, take, signal))]
      if (changes.put.length > 0) {
        const groupId = await groups.ensure(seen, signal)
        await note(rules.describe(place, groupId, again, signal))
        await note(rules.authorize(place, groupId, fresh, { [OUR_TAG]: place.interfaceId }, signal))
        if (ours === 'WEAR') await note(groups.wear(seen, groupId, signal))
      }
      left.push(...(await foreign.giveBack(seen, giveBack, signal)))
      // It holds no rule any more: that it cannot go yet holds back no proof of what was closed.
      if (ours === 'DISSOLVE') await note(groups.dissolve(seen, signal).catch(unlessConflict))
      if (removeIds.length + fresh.length > 0)
        lag.wrote(seen, { added: fresh, removedIds: removeIds, wears: ours === 'WEAR' })
      return { correlationId, left }
    },
  }
}

function unlessConflict(error: unknown): null {
  if (error instanceof CloudError && error.kind === 'CONFLICT') return null
  throw error
}

/** What changes of our rules come to in EC2's terms. Throws at what is not ours, before anything is written. */
function writesOf({ rules, ourGroupId }: SeenInterface, { remove, put, groups = noGroupChanges }: RuleChanges) {
  const foreign = remove.find((name) => !isOurs({ name }))
  if (foreign !== undefined) throw new Error(`a rule that is not ours was to be changed: ${foreign}`)
  const standing = new Map(rules.filter(({ groupId }) => groupId === ourGroupId).map((rule) => [ourName(rule), rule]))
  const fresh: RuleSpec[] = []
  const again: GroupRule[] = []
  for (const rule of put) {
    const [spec, before] = [specOf(rule), standing.get(rule.name)]
    if (before === undefined) fresh.push(spec)
    else if (before.description !== spec.description) again.push({ ...before, description: spec.description })
  }
  const removeIds = remove.flatMap((name) => standing.get(name)?.ruleId ?? [])
  return { removeIds, unseen: groups.unseen.map(specOf), fresh, again }
}
