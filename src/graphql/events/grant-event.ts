import type { ExtensionOffer as ExtensionOfferShape } from '../../access/extension.ts'
import { actions } from '../../access/role.ts'
import { encodeCursor } from '../../activity/cursor.ts'
import { builder } from '../builder.ts'
import { EndReason, GrantState, Protocol } from '../enums.ts'
import { globalId } from '../global-id.ts'
import { entityField } from '../read/entity-field.ts'
import { Actor, ExtensionOffer, Failure, Refusal, type ShownOffer } from '../types/plain.ts'
import { GrantEventKind } from './grant-event-kind.ts'
import type { GrantFact } from './grant-fact.ts'

/** Who is sent an event, for the type and the field that answers it. */
export const whoSeesEvents =
  `Every event is sent to whoever asked for the grant, and to whoever may do ${actions.readGrant} at the machine ` +
  'by the roles held at that moment.'

function offered(offer: ExtensionOfferShape | null): ShownOffer | null {
  if (offer === null) return null
  const { longestSeconds: longest, ...rest } = offer
  return { longest, ...rest }
}

export const GrantEvent = builder.objectRef<GrantFact>('GrantEvent')
GrantEvent.implement({
  description:
    'A step in the life of a grant, with the grant as it was then. Only `grant` and `virtualMachine` are read anew, ' +
    'at the cost of a read each: leave them out where the event says enough.',
  extensions: { authorisation: whoSeesEvents },
  fields: (t) => ({
    cursor: t.string({
      description: 'Its place in the log, opaque: `after` of the subscription and of `activity` goes on from it.',
      resolve: ({ cursor }) => encodeCursor(cursor),
    }),
    at: t.expose('at', { type: 'DateTime', description: 'When it was recorded.' }),
    kind: t.expose('kind', { type: GrantEventKind, description: 'What happened.' }),
    actor: t.expose('actor', { type: Actor, description: 'Who did it; the gateway itself at expiry and repair.' }),
    grantId: t.id({ description: 'The id of the grant.', resolve: ({ grantId }) => globalId('Grant', grantId) }),
    virtualMachineId: t.id({
      description: 'The id of the machine.',
      resolve: ({ vmId }) => globalId('VirtualMachine', vmId),
    }),
    requesterId: t.exposeString('requesterId', { description: 'Who asked for the grant, by `Actor.id`.' }),
    state: t.field({
      type: GrantState,
      description: 'The state the grant came to.',
      resolve: ({ detail }) => detail.state,
    }),
    port: t.int({ description: '1 to 65535.', resolve: ({ detail }) => detail.port }),
    protocol: t.field({
      type: Protocol,
      description: 'What the port speaks.',
      resolve: ({ detail }) => detail.protocol,
    }),
    sources: t.field({
      type: ['CIDR'],
      description: 'Where from the port can be reached.',
      resolve: ({ detail }) => detail.sources,
    }),
    endsAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'End of the window; null while it has not begun and no absolute end was asked for.',
      resolve: ({ detail }) => detail.endsAt,
    }),
    startsAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it opens; null: as soon as it may.',
      // Facts of before scheduling do not speak of it.
      resolve: ({ detail }) => detail.startsAt ?? null,
    }),
    previousEndsAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'The end before an extension; null for any other event.',
      resolve: ({ detail }) => ('previousEndsAt' in detail ? detail.previousEndsAt : null),
    }),
    extension: t.field({
      type: ExtensionOffer,
      nullable: true,
      description:
        'With `GRANT_ENDS_SOON`: how far its holder may extend it by `extendGrant`; null for any other event, and when ' +
        'it cannot be extended.',
      resolve: ({ detail }) => offered('extension' in detail ? detail.extension : null),
    }),
    breakGlass: t.boolean({
      description: 'Whether the grant was asked for by break-glass.',
      resolve: ({ detail }) => detail.breakGlass ?? false,
    }),
    endReason: t.field({
      type: EndReason,
      nullable: true,
      description: 'Why the grant ended; null until then.',
      resolve: ({ detail }) => detail.endReason,
    }),
    failure: t.field({
      type: Failure,
      nullable: true,
      description: 'What an opening or an attempt to close met; null when nothing failed.',
      resolve: ({ detail }) => detail.fault,
    }),
    refusals: t.field({
      type: [Refusal],
      description: 'What failed when it was evaluated again before it opened; empty unless it was closed for that.',
      resolve: ({ detail }) => detail.refusals ?? [],
    }),
    correlationId: t.exposeString('correlationId', {
      nullable: true,
      description: "The cloud's own id of the write it came from; null when it came from none.",
    }),
    grant: entityField(
      t,
      'Grant',
      ({ grantId }) => grantId,
      'The grant as it is now, which may be later than the event; null when the viewer may no longer see it.',
    ),
    virtualMachine: entityField(
      t,
      'VirtualMachine',
      ({ vmId }) => vmId,
      'The machine as it is now; null when the viewer may not see it.',
    ),
  }),
})
