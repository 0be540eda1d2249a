import { builder } from '../builder.ts'

const withParent = { authorisation: 'Visible with its boundary.' }

const RuleAccess = builder.enumType('RuleAccess', {
  description: 'What a rule does with traffic that it matches.',
  values: { ALLOW: { description: 'Lets it pass.' }, DENY: { description: 'Drops it.' } },
})
const RuleProtocol = builder.enumType('RuleProtocol', {
  description: 'What protocol a rule matches.',
  values: {
    TCP: { description: 'TCP.' },
    UDP: { description: 'UDP.' },
    ANY: { description: 'Every protocol.' },
    OTHER: { description: 'One without ports, such as ICMP.' },
  },
})

const PortRange = builder.objectRef<{ readonly first: number; readonly last: number }>('PortRange')
PortRange.implement({
  description: 'Consecutive ports.',
  extensions: withParent,
  fields: (t) => ({
    first: t.exposeInt('first', { description: 'The first port, included.' }),
    last: t.exposeInt('last', { description: 'The last port, included.' }),
  }),
})

/** A rule as the statement answers it; `ours` is added to what was observed. */
export const BoundaryRule = builder.objectRef<{
  readonly name: string
  readonly description: string
  readonly priority: number
  readonly access: 'ALLOW' | 'DENY'
  readonly protocol: 'TCP' | 'UDP' | 'ANY' | 'OTHER'
  readonly sources: readonly string[]
  readonly destinations: readonly string[]
  readonly ports: readonly { readonly first: number; readonly last: number }[]
  readonly ours: boolean
}>('BoundaryRule')
BoundaryRule.implement({
  description: 'An inbound rule of a boundary, as last observed.',
  extensions: withParent,
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Unique in its boundary.' }),
    description: t.exposeString('description', { description: 'As written at the cloud; may be empty.' }),
    priority: t.exposeInt('priority', { description: 'Lower numbers are evaluated first.' }),
    access: t.expose('access', { type: RuleAccess, description: 'Whether it allows or denies.' }),
    protocol: t.expose('protocol', { type: RuleProtocol, description: 'The protocol it matches.' }),
    sources: t.exposeStringList('sources', {
      description: 'CIDRs, `*`, or names that the cloud alone resolves (a service tag, a group).',
    }),
    destinations: t.exposeStringList('destinations', { description: 'The same, of where traffic goes.' }),
    ports: t.field({ type: [PortRange], description: 'Ports it matches.', resolve: ({ ports }) => ports }),
    ours: t.exposeBoolean('ours', { description: 'Whether the gateway wrote it; no other rule is ever touched.' }),
  }),
})
