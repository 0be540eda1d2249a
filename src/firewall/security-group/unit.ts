import { formatPrefix } from '../../access/prefix.ts'
import { describeAllow } from '../describe.ts'
import type { LiveGrant } from '../input.ts'
import { anyPort, compareTexts, type Flow } from '../match.ts'
import { flowsOf, type Opened } from '../opening.ts'
import type { Rule } from '../rule.ts'
import { ourName } from './group-rule.ts'

/** One rule's worth of what grants open: one source, one port, one protocol. Grants that open the same share it. */
export interface Unit {
  /** Name of the rule. */
  readonly name: string
  readonly flow: Flow
  readonly grants: readonly LiveGrant[]
}

/** The flows of a grant, each as much as one rule of EC2 can admit; the IPv4 ones first. */
export function unitFlows(grant: Opened): Flow[] {
  return flowsOf(grant).flatMap((flow) =>
    (flow.protocol === 'ANY' ? (['TCP', 'UDP'] as const) : [flow.protocol]).flatMap((protocol) =>
      flow.sources.map((source) => ({ ...flow, protocol, sources: [source] })),
    ),
  )
}

/** The name of the rule that admits a unit's flow. */
export function unitName({ sources, protocol, port }: Flow): string {
  const cidr = sources.map(formatPrefix).join()
  return ourName({
    protocol: protocol.toLowerCase(),
    fromPort: port,
    toPort: port,
    source: { cidr },
    description: null,
    tags: {},
  })
}

/** What the grants open together, by name of the rule. */
export function unitsOf(grants: readonly LiveGrant[]): Unit[] {
  const byName = new Map<string, { name: string; flow: Flow; grants: LiveGrant[] }>()
  for (const grant of grants.toSorted((left, right) => compareTexts(left.grantId, right.grantId)))
    for (const flow of unitFlows(grant)) {
      const name = unitName(flow)
      const unit = byName.get(name)
      if (unit === undefined) byName.set(name, { name, flow, grants: [grant] })
      else if (unit.grants.at(-1) !== grant) unit.grants.push(grant)
    }
  return [...byName.values()].toSorted((left, right) => compareTexts(left.name, right.name))
}

/** The rule of a unit. It names the owner whose window ends last. */
export function unitRule({ flow, grants }: Pick<Unit, 'flow' | 'grants'>): Rule {
  const [first] = grants
  const last = grants.reduce<LiveGrant | undefined>(
    (latest, grant) => (Date.parse(grant.endsAt) > Date.parse(latest?.endsAt ?? '') ? grant : latest),
    first,
  )
  return {
    name: unitName(flow),
    description: last === undefined ? '' : describeAllow(last.grantId, last.endsAt, grants.length - 1),
    priority: 0,
    access: 'ALLOW',
    protocol: flow.protocol,
    sources: flow.sources.map(formatPrefix),
    sourcePorts: [anyPort],
    destinations: ['*'],
    ports: [{ first: flow.port, last: flow.port }],
  }
}
