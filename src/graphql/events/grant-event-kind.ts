import type { GrantFactKind } from '../../access/fact-kinds.ts'
import { builder } from '../builder.ts'

const kind = (value: GrantFactKind, description: string) => ({ value, description })

/** The kinds of activity that are steps in the life of a grant, under the names they have there. */
export const GrantEventKind = builder.enumType('GrantEventKind', {
  description: 'A step in the life of a grant: the kinds of `ActivityKind` that are about grants.',
  values: {
    GRANT_REQUESTED: kind('GrantRequested', 'It was asked for, and waits for approval.'),
    GRANT_SCHEDULED: kind('GrantScheduled', 'It was granted, and opens later.'),
    GRANT_OPENING: kind('GrantOpening', 'It was granted, or its moment came; its port is being opened.'),
    GRANT_ACTIVATED: kind('GrantActivated', 'The port was proven open at every boundary; the window began.'),
    GRANT_EXTENDED: kind('GrantExtended', 'Its window was given a later end; the port stayed open throughout.'),
    GRANT_ENDS_SOON: kind(
      'GrantEndsSoon',
      'Its window ends soon: sent once for each end, with how far it can be extended.',
    ),
    GRANT_OPEN_FAILED: kind('GrantOpenFailed', 'The port could not be opened, and nothing of the attempt is left.'),
    GRANT_CLOSING: kind('GrantClosing', 'It ended; its port is being closed.'),
    GRANT_CLOSE_DELAYED: kind('GrantCloseDelayed', 'An attempt to close failed; closing is tried until it succeeds.'),
    GRANT_CLOSED: kind('GrantClosed', 'The port was proven closed for new connections, or it never was opened.'),
    GRANT_DRIFTED: kind('GrantDrifted', 'Somebody else changed a rule of it; it was put back.'),
  } satisfies Record<string, { value: GrantFactKind; description: string }>,
})
