import type { CloudFault } from '../../access/facts.ts'
import type { RoleHeld } from '../../access/viewer.ts'
import type { Actor as ActorShape } from '../../access/words.ts'
import { roles } from '../../access/role.ts'
import { builder } from '../builder.ts'
import { ActorKind, Protocol, RoleName } from '../enums.ts'

/** Types whose values come whole, as JSON of one expression; their fields are plain properties. */
const withParent = { authorisation: 'Visible with what it is part of.' }

export const Actor = builder.objectRef<ActorShape>('Actor')
Actor.implement({
  description: 'Who did something.',
  extensions: withParent,
  fields: (t) => ({
    kind: t.expose('kind', { type: ActorKind, description: 'Whether a person, a program or the gateway itself.' }),
    id: t.exposeString('id', { description: 'Stable id at the identity provider.' }),
    name: t.exposeString('name', { description: 'What a person reads.' }),
  }),
})

export const Failure = builder.objectRef<CloudFault>('Failure')
Failure.implement({
  description: 'Why something could not be done at the cloud.',
  extensions: withParent,
  fields: (t) => ({
    code: t.exposeString('code', { description: "The cloud's code, or one of the gateway's." }),
    message: t.exposeString('message', { description: 'In words that a person can act on.' }),
  }),
})

export const RoleHeldType = builder.objectRef<RoleHeld>('RoleHeld')
RoleHeldType.implement({
  description: 'A role that the viewer holds somewhere.',
  extensions: withParent,
  fields: (t) => ({
    role: t.expose('role', { type: RoleName, description: 'The role.' }),
    scope: t.exposeString('scope', { description: 'Where: a lower-cased path; `/` is everything.' }),
    actions: t.stringList({
      description: 'What the role allows, as action strings.',
      resolve: ({ role }) => [...roles[role]],
    }),
  }),
})

/** A port of a policy as a fact recorded it. */
export const RecordedPort = builder.objectRef<{
  readonly port: number
  readonly protocol: 'TCP' | 'UDP' | 'ANY'
  readonly allowedSources: readonly string[]
  readonly maximumDurationSeconds: number
}>('RecordedPort')
RecordedPort.implement({
  description: 'A protected port as a policy had it at that moment.',
  extensions: withParent,
  fields: (t) => ({
    port: t.exposeInt('port', { description: '1 to 65535.' }),
    protocol: t.expose('protocol', { type: Protocol, description: 'What the port speaks.' }),
    allowedSources: t.field({
      type: ['CIDR'],
      description: 'Ranges that a source had to lie in.',
      resolve: ({ allowedSources }) => allowedSources,
    }),
    maximumDuration: t.field({
      type: 'Duration',
      description: 'The longest window that could be asked for.',
      resolve: ({ maximumDurationSeconds }) => maximumDurationSeconds,
    }),
  }),
})
