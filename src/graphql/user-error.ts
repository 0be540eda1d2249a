import type {
  Conflict,
  InvalidInput,
  LimitExceeded,
  LockedDown,
  NotFound,
  NotPermitted,
  PolicyViolation,
  UserError as UserErrorShape,
} from '../access/user-error.ts'
import { builder } from './builder.ts'
import { PolicyConstraintEnum, UserErrorCode } from './enums.ts'

const extensions = { authorisation: 'Told only to the caller of the verb.' }

const names = {
  INVALID_INPUT: 'InvalidInput',
  NOT_FOUND: 'NotFound',
  NOT_PERMITTED: 'NotPermitted',
  POLICY_VIOLATION: 'PolicyViolation',
  LOCKED_DOWN: 'LockedDown',
  CONFLICT: 'Conflict',
  LIMIT_EXCEEDED: 'LimitExceeded',
} as const satisfies Record<UserErrorShape['code'], string>

/** What the caller of a verb got wrong: `userErrors` of payloads are of this interface. */
export const UserError = builder.interfaceRef<UserErrorShape>('UserError')
UserError.implement({
  description: 'What the caller of a verb got wrong. Nothing was written for that part of the input.',
  extensions,
  resolveType: ({ code }) => names[code],
  fields: (t) => ({
    code: t.expose('code', { type: UserErrorCode, description: 'For programs.' }),
    message: t.exposeString('message', { description: 'For a person to read.' }),
    field: t.stringList({
      description: "The path into the verb's input, such as `ports`, `0`, `port`; empty when the whole input is meant.",
      resolve: ({ field }) => [...field],
    }),
  }),
})

const interfaces = [UserError]
builder
  .objectRef<InvalidInput>(names.INVALID_INPUT)
  .implement({ description: 'A value that no state of the gateway would accept.', interfaces, extensions })
builder.objectRef<NotFound>(names.NOT_FOUND).implement({
  description: 'No such thing, or none that the viewer may know of: both look alike.',
  interfaces,
  extensions,
})
builder.objectRef<NotPermitted>(names.NOT_PERMITTED).implement({
  description: 'The viewer may see it but not do this to it.',
  interfaces,
  extensions,
  fields: (t) => ({
    action: t.exposeString('action', { description: 'The action that a role would have to allow at that scope.' }),
  }),
})
builder.objectRef<PolicyViolation>(names.POLICY_VIOLATION).implement({
  description: 'One constraint of a policy that was not satisfied, and what would pass.',
  interfaces,
  extensions,
  fields: (t) => ({
    constraint: t.expose('constraint', { type: PolicyConstraintEnum, description: 'The constraint.' }),
    allowed: t.stringList({
      description: 'What would pass: ports such as `22/TCP`, CIDRs, or one ISO 8601 duration as the maximum.',
      resolve: ({ allowed }) => [...allowed],
    }),
    asked: t.exposeString('asked', { description: 'What was asked.' }),
  }),
})
builder.objectRef<LockedDown>(names.LOCKED_DOWN).implement({
  description: 'Nothing may be asked for there now: a lockdown is in force.',
  interfaces,
  extensions,
  fields: (t) => ({
    scope: t.exposeString('scope', { description: 'Where it is in force: a scope that what was asked for lies in.' }),
    reason: t.exposeString('reason', { description: 'Why, in the words of whoever locked it down.' }),
    since: t.expose('since', { type: 'DateTime', description: 'When it began.' }),
  }),
})
builder
  .objectRef<Conflict>(names.CONFLICT)
  .implement({ description: 'Right in itself, but not in the state things are in.', interfaces, extensions })
builder.objectRef<LimitExceeded>(names.LIMIT_EXCEEDED).implement({
  description: 'More than one call may carry.',
  interfaces,
  extensions,
  fields: (t) => ({ limit: t.exposeInt('limit', { description: 'The most that is accepted.' }) }),
})
