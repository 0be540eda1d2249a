import type { CloudFault } from '../../access/facts.ts'
import type { RoleHeld } from '../../access/viewer.ts'
import type { Actor as ActorShape } from '../../access/words.ts'
import { ActorKind, Protocol, RoleName } from '../enums.ts'
import { column, list, value } from '../read/fields.ts'
import { plain } from '../read/plain.ts'
import { textsSql } from '../read/sql.ts'

const rule = 'Visible with what it is part of.'

export const Actor = plain<ActorShape>({
  name: 'Actor',
  description: 'Who did something.',
  rule,
  fields: {
    kind: column(ActorKind, 'Whether a person, a program or the gateway itself.', 'kind'),
    id: column('String', 'Stable id at the identity provider.', 'id'),
    name: column('String', 'What a person reads.', 'name'),
  },
})

export const Failure = plain<CloudFault>({
  name: 'Failure',
  description: 'Why something could not be done at the cloud.',
  rule,
  fields: {
    code: column('String', "The cloud's code, or one of the gateway's.", 'code'),
    message: column('String', 'In words that a person can act on.', 'message'),
  },
})

/** A role held, with what it allows. */
export interface RoleHeldWithActions extends RoleHeld {
  readonly actions: readonly string[]
}

plain<RoleHeldWithActions>({
  name: 'RoleHeld',
  description: 'A role that the viewer holds somewhere.',
  rule,
  fields: {
    role: value(RoleName, 'The role.', (row) => `${row}.value->>'role'`),
    scope: value('String', 'Where: a lower-cased path; `/` is everything.', (row) => `${row}.value->>'scope'`),
    actions: value(
      'String',
      'What the role allows, as action strings.',
      (row) => textsSql(`${row}.value->'actions'`),
      list,
    ),
  },
})

/** A port of a policy as a fact recorded it. */
plain({
  name: 'RecordedPort',
  description: 'A protected port as a policy had it at that moment.',
  rule,
  fields: {
    port: value('Int', '1 to 65535.', (row) => `(${row}.value->>'port')::int`),
    protocol: value(Protocol, 'What the port speaks.', (row) => `${row}.value->>'protocol'`),
    allowedSources: value(
      'CIDR',
      'Ranges that a source had to lie in.',
      (row) => textsSql(`${row}.value->'allowedSources'`),
      list,
    ),
    maximumDuration: value(
      'Duration',
      'The longest window that could be asked for.',
      (row) => `(${row}.value->>'maximumDurationSeconds')::int`,
    ),
  },
})
